"""What the archive's probe and bench share."""
