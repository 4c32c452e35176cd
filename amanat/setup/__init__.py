"""What the controller needs before a stack can run: Pulumi's tools, a container engine, mirrors and trust."""
