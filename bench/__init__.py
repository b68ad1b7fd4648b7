"""How fast Dev Talk is, held against the limits of what it stands on."""
