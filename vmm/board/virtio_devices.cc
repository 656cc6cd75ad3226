#include "vmm/board/virtio_devices.h"

#include <fmt/format.h>

#include <algorithm>

#include "virtio/core/virtio_ids.h"
#include "virtio/transport/mmio_transport.h"
#include "virtio/transport/pci_transport.h"
#include "vmm/base/bits.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

TransportOptions options_of(const VirtioConfig& virtio, const VirtioDevice& device,
                            DevicePlaces& places) {
  return {.event_idx = virtio.event_idx,
          .packed = virtio.packed,
          .on_needs_reset = [&device, &places] { places.on_needs_reset(device.name()); }};
}

}  // namespace

// A transport resets its device when it is destroyed: first it, then the device.
struct VirtioDevices::Placed {
  std::string_view name() const { return device ? device->name() : emulated->name(); }

  std::unique_ptr<VirtioDevice> device;      // or
  std::unique_ptr<EmulatedDevice> emulated;  // this
  std::unique_ptr<DeviceControls> controls;  // of it; null: nothing can be changed
  std::unique_ptr<PciTransport> pci;
  std::unique_ptr<MmioTransport> mmio;
};

VirtioDevices::VirtioDevices(std::vector<ConfiguredDevice> devices, DevicePlaces& places) {
  for (ConfiguredDevice& configured : devices) {
    auto& placed = *placed_.emplace_back(std::make_unique<Placed>());
    placed.device = std::move(configured.device);
    placed.controls = std::move(configured.controls);
    if (configured.terminal != nullptr) terminal_ = configured.terminal;
    character_devices_.insert(character_devices_.end(), configured.character_devices.begin(),
                              configured.character_devices.end());
    if (configured.emulated) {
      placed.emulated = std::move(configured.emulated);
      placed.emulated->place(places);
      continue;
    }
    const VirtioConfig& virtio = configured.virtio;
    if (virtio.face == VirtioFace::mmio) {
      place_on_mmio(placed, virtio, places);
      continue;
    }
    placed.pci = std::make_unique<PciTransport>(
        *placed.device, places.memory(), options_of(virtio, *placed.device, places), places.msi(),
        virtio.ioeventfd ? &places.doorbells() : nullptr);
    places.pci().add(*placed.pci);
  }
}

VirtioDevices::~VirtioDevices() = default;

void VirtioDevices::place_on_mmio(Placed& placed, const VirtioConfig& virtio,
                                  DevicePlaces& places) {
  const MmioPlace place = places.next_mmio_place();
  placed.mmio = std::make_unique<MmioTransport>(
      *placed.device, places.memory(), options_of(virtio, *placed.device, places),
      place.registers.start, place.wire, virtio.ioeventfd ? &places.doorbells() : nullptr);
  if (const auto added = places.mmio().add(place.registers, *placed.mmio); !added) {
    throw ConfigError(fmt::format("{}: {}", placed.device->name(), added.error()));
  }
  const auto unit = static_cast<std::uint32_t>(descriptions_.size());
  descriptions_.push_back({.name = fmt::format("VR{:02X}", unit),
                           .acpi_hid = "LNRO0005",
                           .fdt_compatible = "virtio,mmio",
                           .unit = unit,
                           .ranges = {{IoSpace::mmio, place.registers}},
                           .interrupt = place.interrupt});
}

std::vector<Range> VirtioDevices::fixed_ports() const {
  std::vector<Range> all;
  for (const auto& placed : placed_) {
    if (!placed->emulated) continue;
    const auto ports = placed->emulated->fixed_ports();
    all.insert(all.end(), ports.begin(), ports.end());
  }
  return all;
}

std::vector<DeviceStats> VirtioDevices::stats() const {
  std::vector<DeviceStats> all;
  for (const auto& placed : placed_) {
    all.push_back(placed->emulated ? placed->emulated->stats()
                  : placed->pci    ? placed->pci->stats()
                                   : placed->mmio->stats());
  }
  return all;
}

DeviceInfo VirtioDevices::info_of(const Placed& placed) {
  DeviceInfo info;
  info.name = placed.name();
  info.kind =
      placed.emulated ? placed.emulated->kind() : virtio::kind_name(placed.device->device_id());
  info.face = placed.emulated ? placed.emulated->face() : placed.pci ? "virtio" : "virtio-mmio";
  if (placed.controls) placed.controls->describe(info);
  return info;
}

std::vector<DeviceInfo> VirtioDevices::infos() const {
  std::vector<DeviceInfo> all;
  for (const auto& placed : placed_)
    all.push_back(info_of(*placed));
  return all;
}

ControlResult<DeviceInfo> VirtioDevices::change(std::string_view name, const DeviceChange& change) {
  const auto found =
      std::ranges::find_if(placed_, [name](const auto& placed) { return placed->name() == name; });
  if (found == placed_.end()) return std::unexpected(no_such_device(name));
  Placed& placed = **found;
  const auto done =
      placed.controls ? placed.controls->change(change) : refuse_others(name, change, {});
  if (!done) return std::unexpected(done.error());
  return info_of(placed);
}

std::string VirtioDevices::mmio_cmdline() const {
  std::string text;
  for (const HwDescription& device : descriptions_) {
    const Range& registers = device.ranges.front().range;
    text += fmt::format("{}virtio_mmio.device={}K@{:#x}:{}", text.empty() ? "" : " ",
                        registers.size / KiB, registers.start, device.interrupt->number);
  }
  return text;
}

}  // namespace skiff
