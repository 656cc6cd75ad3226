// Status, features and reset (2.1, 2.2, 2.4, 3.1).
#include "guest/attack/family.h"
#include "guest/virtio/registers.h"

enum { kAd = kStatusAcknowledge | kStatusDriver, kAdf = kAd | kStatusFeaturesOk };

static const char* hex_name(unsigned row) {
  static char name[] = "0x00";
  name[2] = "0123456789abcdef"[row >> 4 & 15];
  name[3] = "0123456789abcdef"[row & 15];
  return name;
}

// 32 rows of eight values each: all 256, each from reset.
static void every_status(struct Target* t, unsigned row) {
  for (unsigned value = row * 8; value < row * 8 + 8; ++value) {
    virtio_set_status(t->device, value);
    (void)virtio_status(t->device);
    (void)virtio_reset(t->device);
  }
}

const struct Family family_status = {"status-from", kAnyKind,    kBoth, kFresh, 0, 32,
                                     hex_name,      every_status};

static void driver_ok_alone(struct Target* t, unsigned long set_up) {
  if (set_up) {
    virtio_set_status(t->device, kAd);
    virtio_set_driver_features(t->device, feature(kFeatureVersion1));
    t->device->features = feature(kFeatureVersion1);
    (void)target_create_queues(t);
  }
  virtio_set_status(t->device, kAd | kStatusDriverOk);
  if (t->queue_count) {
    (void)target_react(t);
  }
}

static void order(struct Target* t, unsigned long steps) {
  for (; steps; steps >>= 8) {
    virtio_set_status(t->device, steps & 0xff);
  }
}

static void clear_bits(struct Target* t, unsigned long value) {
  if (target_start(t)) {
    virtio_set_status(t->device, (uint32_t)value);
    (void)target_react(t);
    virtio_set_status(t->device, kAdf | kStatusDriverOk);
    (void)target_react(t);
  }
}

static void driver_ok_again(struct Target* t, unsigned long count) {
  if (target_start(t)) {
    while (count--) {
      virtio_set_status(t->device, kAdf | kStatusDriverOk);
    }
  }
}

static void no_queues(struct Target* t, unsigned long unused) {
  (void)unused;
  if (target_negotiate(t)) {
    virtio_driver_ok(t->device);
    for (unsigned i = 0; i < 4; ++i) {
      virtio_notify_at(t->device, virtio_notify_address(t->device, i), i);
    }
  }
}

static void late_queues(struct Target* t, unsigned long unused) {
  (void)unused;
  if (target_negotiate(t)) {
    virtio_driver_ok(t->device);
    if (target_create_queues(t)) {
      (void)target_react(t);
    }
  }
}

static void last_queue_only(struct Target* t, unsigned long unused) {
  (void)unused;
  if (target_negotiate(t) && target_create_queues(t)) {
    const unsigned last = t->queue_count - 1;
    (void)target_negotiate(t);
    if (queue_create(t->queues + last, t->device, last, 8)) {
      virtio_driver_ok(t->device);
      virtio_notify_at(t->device, t->queues[last].notify_address, last);
    }
  }
}

static void late_features(struct Target* t, unsigned long when) {
  if (!target_negotiate(t)) {
    return;
  }
  if (when) {
    if (target_create_queues(t)) {
      virtio_driver_ok(t->device);
    }
  }
  virtio_set_driver_features(t->device, ~0ull);
  virtio_set_status(t->device, kAdf);
  virtio_set_driver_features(t->device, 0);
  virtio_set_status(t->device, kAdf | kStatusDriverOk);
  if (t->queue_count) {
    (void)target_react(t);
  }
}

static void refused_features(struct Target* t, unsigned long which) {
  const uint64_t offered = virtio_device_features(t->device);
  const uint64_t sets[] = {~0ull,
                           0,
                           offered & ~feature(kFeatureVersion1),
                           ~offered,
                           offered | feature(63),
                           offered | feature(24)};
  virtio_set_status(t->device, kAd);
  virtio_set_driver_features(t->device, sets[which]);
  virtio_set_status(t->device, kAdf);
  (void)virtio_status(t->device);
  virtio_set_status(t->device, kAdf | kStatusDriverOk);
}

static void feature_select(struct Target* t, unsigned long select) {
  const uint64_t at = t->device->is_pci ? t->device->common.address : t->device->base;
  const unsigned device_select = t->device->is_pci ? 0 : kMmioDeviceFeaturesSel;
  const unsigned device_bits = t->device->is_pci ? 4 : kMmioDeviceFeatures;
  const unsigned driver_select = t->device->is_pci ? 8 : kMmioDriverFeaturesSel;
  const unsigned driver_bits = t->device->is_pci ? 12 : kMmioDriverFeatures;
  virtio_set_status(t->device, kAd);
  write32(at + device_select, (uint32_t)select);
  (void)read32(at + device_bits);
  write32(at + driver_select, (uint32_t)select);
  write32(at + driver_bits, 0xffffffff);
  virtio_set_status(t->device, kAdf);
}

static void wide_status(struct Target* t, unsigned long value) {
  if (!target_start(t)) {
    return;
  }
  if (t->device->is_pci) {
    const uint64_t at = t->device->common.address + kCommonStatus;
    write32(at, (uint32_t)value);
    write16(at, (uint16_t)value);
    write64(at & ~7ull, value);
  } else {
    write32(t->device->base + kMmioStatus, (uint32_t)value);
    write8(t->device->base + kMmioStatus, (uint8_t)value);
    write64(t->device->base + kMmioStatus, value);
  }
}

static const struct Row rows[] = {
    {"driver-ok-without-features-ok", driver_ok_alone, 0},
    {"driver-ok-without-features-ok-with-queues", driver_ok_alone, 1},
    {"driver-before-acknowledge", order, 0x0102},
    {"features-ok-first", order, 0x0f0b08},
    {"failed-then-on", order, 0x0f8b83},
    {"all-at-once", order, 0x0f},
    {"needs-reset-by-the-driver", order, 0x4f4f},
    {"reserved-bits", order, 0x3f30},
    {"driver-ok-cleared", clear_bits, kAdf},
    {"features-ok-cleared", clear_bits, kAd | kStatusDriverOk},
    {"acknowledge-cleared", clear_bits, kStatusDriver | kStatusFeaturesOk | kStatusDriverOk},
    {"failed-while-live", clear_bits, kAdf | kStatusDriverOk | kStatusFailed},
    {"needs-reset-written-while-live", clear_bits, kAdf | kStatusDriverOk | kStatusNeedsReset},
    {"driver-ok-50-times", driver_ok_again, 50},
    {"driver-ok-without-queues", no_queues, 0},
    {"queues-after-driver-ok", late_queues, 0},
    {"last-queue-only", last_queue_only, 0},
    {"features-after-features-ok", late_features, 0},
    {"features-after-driver-ok", late_features, 1},
    {"all-features", refused_features, 0},
    {"no-features", refused_features, 1},
    {"without-version-1", refused_features, 2},
    {"only-what-is-not-offered", refused_features, 3},
    {"feature-63", refused_features, 4},
    {"feature-24", refused_features, 5},
    {"feature-select-2", feature_select, 2},
    {"feature-select-31", feature_select, 31},
    {"feature-select-2^31", feature_select, 0x80000000},
    {"feature-select-ones", feature_select, 0xffffffff},
    {"status-wide-ones", wide_status, ~0ul},
    {"status-wide-0x0f000000", wide_status, 0x0f000000},
    {"status-wide-zero", wide_status, 0},
};
FAMILY_OF_ROWS(features, rows)
const struct Family family_features = {"status", kAnyKind, kBoth, kFresh, 0, ROWS(features, rows)};
