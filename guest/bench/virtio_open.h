// A virtio device for a bench program: found, negotiated, its interrupts set up. Prints nothing.
#pragma once

#include "guest/virtio/completion.h"
#include "guest/virtio/device.h"

// `index=`, `irq=` and the ring's words as all virtio programs have them. Null where there is no
// such device (`*why` stays), or where it does not take what the words ask for (`*why` says it).
struct VirtioDevice* virtio_open(const char* line, unsigned type, int pci, uint64_t wanted,
                                 unsigned queues, enum CompletionMode* mode, const char** why);
// Interrupts of all its queues, those that wait too; privileged.
uint64_t virtio_open_interrupts(const struct VirtioDevice* device);
