"""Private database servers for one test run: started on first need, shared by its workers, gone when it ends."""
