// Room for large buffers: the RAM behind the program, as the loader's memory map tells it.
#pragma once

// `bytes` on a boundary of 4096, the same ones each time; null where there is not so much RAM.
void* arena(unsigned long bytes);
