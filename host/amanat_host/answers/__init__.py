"""What each probe answers: one schema for the probes that fill it and the policies that read it."""
