#include "guest/bench/virtio_open.h"

#include "guest/bench/wake.h"
#include "guest/lib/text.h"
#include "guest/virtio/options.h"

enum { kMostDevices = 32 };

static struct VirtioDevice devices[kMostDevices];

static struct VirtioDevice* find(const char* line, unsigned type, int pci) {
  const unsigned count = virtio_find(line, devices, kMostDevices);
  unsigned long index = text_number(line, "index", 0);
  for (unsigned i = 0; i < count; ++i) {
    if (devices[i].type == type && devices[i].is_pci == pci && index-- == 0) {
      return devices + i;
    }
  }
  return 0;
}

struct VirtioDevice* virtio_open(const char* line, unsigned type, int pci, uint64_t wanted,
                                 unsigned queues, enum CompletionMode* mode, const char** why) {
  struct VirtioDevice* device = find(line, type, pci);
  if (!device) {
    return 0;
  }
  *mode = completion_mode(line, device);
  const uint64_t ring = options_ring_features(line);
  if (!virtio_negotiate(device, wanted | ring)) {
    *why = "negotiation_failed";
    return 0;
  }
  if ((ring & ~device->features) & feature(kFeatureRingPacked)) {
    *why = "packed_ring_not_offered";
    return 0;
  }
  if (!completion_set_up(device, *mode, queues)) {
    *why = "interrupt_vectors_refused";
    return 0;
  }
  for (unsigned i = 0; i < queues && *mode == kMsix; ++i) {
    wake_count_on(completion_queue_vector(i));
  }
  return device;
}

uint64_t virtio_open_interrupts(const struct VirtioDevice* device) {
  wake_take_pending();
  return device->uses_msix ? wake_interrupts_seen() : completion_interrupts_seen(0);
}
