// The door to vmm/boot on arm64: puts a guest's kernel and initrd into RAM and keeps a place for
// its device tree, which is written when its addresses are known (device_tree.h).
//
// Kernels: `Image`; the same packed (Image.gz and the other formats of decompress.h); an EFI zboot
// image, unpacked as if it were that; an ELF executable for arm64, entered at its physical entry
// point.
#pragma once

#include "vmm/boot/aarch64/boot_request.h"
#include "vmm/boot/byte_source.h"

namespace skiff::arm64 {

// Room for the device tree; booting.rst sets it as the most there may be. [bytes]
inline constexpr std::uint64_t kMaxDeviceTree = 2 * 1024 * 1024;

// Set-up time only, one thread, before any vCPU runs. Throws ConfigError for whatever is wrong with
// the files or does not fit, HostError where the host fails. No byte of an image is trusted.
BootState load_guest(const BootRequest& request);
// The same from given sources; `initrd` may be null.
BootState load_guest(const BootRequest& request, ByteSource& kernel, ByteSource* initrd);

}  // namespace skiff::arm64
