#pragma once

// Starts the second processor for family_two. 0 if there is none.
int two_begin(void);
