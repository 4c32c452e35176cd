"""The encrypted volume of a host: its image, loop device, file system and key."""
