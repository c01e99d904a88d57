"""The main job, shown: from nothing to a guest's login prompt and back, with the real openstack client."""
