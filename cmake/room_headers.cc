// The home of the rooms' precompiled headers (SKIFF_PCH); nothing else.
