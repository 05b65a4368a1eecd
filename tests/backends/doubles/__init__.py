"""Small servers that stand in for providers: each checks what it is asked as strictly as the provider does, and can misbehave."""
