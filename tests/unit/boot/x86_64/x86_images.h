// A machine to load guests into, and bzImage, PVH and multiboot images for it.
#pragma once

#include <asm/bootparam.h>

#include <functional>
#include <string>

#include "tests/unit/boot/boot_images.h"
#include "vmm/base/bits.h"
#include "vmm/boot/x86_64/load_guest.h"
#include "vmm/io/guest_memory.h"

namespace skiff::test {

inline constexpr std::uint64_t kRam = 32 * MiB;

// 32 MiB of RAM with the PC's hole below 1 MiB, filled with 0xee: what must be zero has to be made
// so.
struct TestMachine {
  TestMachine();

  BootState load(const Bytes& kernel);
  BootState load(const Bytes& kernel, const Bytes& initrd);
  // The message of the ConfigError that loading it gives.
  std::string refusal(const Bytes& kernel);
  std::string string_at(std::uint64_t address) const;
  template <typename T>
  T at(std::uint64_t address) const {
    return memory.load<T>(GuestAddress(address)).value();
  }

  GuestMemory memory;
  BootRequest request;
};

// Of the range with this name in state.ranges; empty if there is none.
Range range_of(const BootState& state, std::string_view name);

// A vmlinux: linked high like Linux, loaded at 16 MiB, with Linux's note.
Bytes make_vmlinux();
inline constexpr std::uint64_t kVmlinuxAt = 16 * MiB;

inline constexpr std::size_t kSetupHeaderAt = 0x1f1;
inline constexpr std::size_t kBzImageKernelAt = 1024;    // file offset of protected-mode code
inline constexpr std::size_t kBzImagePayloadAt = 0x400;  // within it
// A bzImage of boot protocol 2.15 whose payload is `payload` (packed already).
Bytes make_bzimage(const Bytes& payload);
// Changes a field of its setup header in place.
void edit_setup(Bytes& bzimage, const std::function<void(setup_header&)>& edit);

Bytes pvh_note(std::uint32_t entry);

struct MultibootWords {
  std::uint32_t magic = 0x1bad'b002, flags = 0, checksum_error = 0;
  std::uint32_t header_address = 0, load_address = 0, load_end = 0, bss_end = 0, entry = 0;
};
void put_multiboot_header(Bytes& image, std::size_t offset, const MultibootWords& words);
// A file of `size` bytes with a header at 0x40 that loads all of it at 1 MiB, entry 0x10'0060.
Bytes make_kludge_image(std::size_t size, const std::function<void(MultibootWords&)>& edit = {});

}  // namespace skiff::test
