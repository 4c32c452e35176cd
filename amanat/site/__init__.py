"""The operator's site: static pages rendered from the stack's settings, and the reading of what pages publish."""
