#include "guest/virtio/options.h"

#include "guest/lib/print.h"
#include "guest/lib/text.h"
#include "guest/virtio/check.h"

uint64_t options_ring_features(const char* command_line) {
  uint64_t features = 0;
  if (text_is(command_line, "ring", "packed")) {
    features |= feature(kFeatureRingPacked);
  }
  if (!text_has_word(command_line, "no-indirect")) {
    features |= feature(kFeatureIndirectDesc);
  }
  if (!text_has_word(command_line, "no-event-idx")) {
    features |= feature(kFeatureEventIdx);
  }
  if (text_has_word(command_line, "notification-data")) {
    features |= feature(kFeatureNotificationData);
  }
  return features;
}

struct VirtioDevice* options_open(const char* command_line, unsigned type, uint64_t wanted,
                                  unsigned queues, enum CompletionMode* mode) {
  completion_init();
  struct VirtioDevice* device =
      virtio_find_one(command_line, type, (unsigned)text_number(command_line, "index", 0));
  if (!device) {
    check("device: there is none", 0);
    return 0;
  }
  *mode = completion_mode(command_line, device);
  const uint64_t ring = options_ring_features(command_line);
  if (!virtio_negotiate(device, wanted | ring)) {
    check("negotiation", 0);
    return 0;
  }
  check_line();
  virtio_print_name(device);
  print(" features 0x");
  print_hex(device->features, 10);
  print(" irq ");
  print(completion_mode_name(*mode));
  print(device->features & feature(kFeatureRingPacked) ? " packed\n" : " split\n");
  if ((ring & ~device->features) & feature(kFeatureRingPacked)) {
    check("packed ring: not offered", 0);
    return 0;
  }
  if (!completion_set_up(device, *mode, queues)) {
    check("interrupts: the device refuses its vectors", 0);
    return 0;
  }
  return device;
}
