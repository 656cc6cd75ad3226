#include "virtio/net/net_features.h"

#include "virtio/net/net_regs.h"

namespace skiff {

using namespace virtio_net;

std::uint64_t offered_net_features(const NetCapabilities& capabilities, std::uint16_t pairs,
                                   std::uint16_t mtu) {
  std::uint64_t features =
      kMac | kStatus | kMrgRxbuf | kCtrlVq | kCtrlRx | kCtrlRxExtra | kCtrlMacAddr;
  const auto offer = [&features](bool possible, std::uint64_t feature) {
    if (possible) features |= feature;
  };
  offer(mtu != 0, kMtu);
  offer(pairs > 1, kMq);
  if (const NetOffloads& send = capabilities.send; send.checksum) {
    offer(true, kCsum);
    offer(send.tso4, kHostTso4);
    offer(send.tso6, kHostTso6);
    offer(send.ecn && (send.tso4 || send.tso6), kHostEcn);
    offer(send.ufo, kHostUfo);
    offer(send.uso, kHostUso);
  }
  if (const NetOffloads& receive = capabilities.receive; receive.checksum) {
    offer(true, kGuestCsum | kCtrlGuestOffloads);
    offer(receive.tso4, kGuestTso4);
    offer(receive.tso6, kGuestTso6);
    offer(receive.ecn && (receive.tso4 || receive.tso6), kGuestEcn);
    offer(receive.ufo, kGuestUfo);
    offer(receive.uso, kGuestUso4 | kGuestUso6);
  }
  return features;
}

NetOffloads transmit_offloads(std::uint64_t features) {
  const auto has = [features](std::uint64_t feature) { return (features & feature) == feature; };
  // Segmentation rests on partial checksums (5.1.3.1).
  if (!has(kCsum)) return {};
  return {.checksum = true,
          .tso4 = has(kHostTso4),
          .tso6 = has(kHostTso6),
          .ecn = has(kHostEcn),
          .ufo = has(kHostUfo),
          .uso = has(kHostUso)};
}

NetOffloads receive_offloads(std::uint64_t features) {
  const auto has = [features](std::uint64_t feature) { return (features & feature) == feature; };
  if (!has(kGuestCsum)) return {};
  return {.checksum = true,
          .tso4 = has(kGuestTso4),
          .tso6 = has(kGuestTso6),
          .ecn = has(kGuestEcn),
          .ufo = has(kGuestUfo),
          .uso = has(kGuestUso4 | kGuestUso6)};
}

}  // namespace skiff
