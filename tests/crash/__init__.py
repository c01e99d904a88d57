"""The cloud is killed at random moments of its main job; afterwards everything must add up."""
