// The words of the command line every virtio program takes.
#pragma once

#include <stdint.h>

#include "guest/virtio/completion.h"
#include "guest/virtio/device.h"

// Ring features to accept: `ring=packed` (must then be offered), else split; indirect descriptors
// unless `no-indirect`, event indices unless `no-event-idx`; `notification-data`.
uint64_t options_ring_features(const char* command_line);

// Finds the device (`transport=`, `index=`), prints what it is, negotiates `wanted` and the ring's
// features, and sets up completion. Null, with a FAIL line, if something is missing.
struct VirtioDevice* options_open(const char* command_line, unsigned type, uint64_t wanted,
                                  unsigned queues, enum CompletionMode* mode);
