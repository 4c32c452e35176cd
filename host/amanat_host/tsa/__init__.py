"""Time stamps by RFC 3161 on the vault: what gives them, and its own record of them."""
