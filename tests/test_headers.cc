// The home of the tests' precompiled headers (SKIFF_PCH); nothing else.
