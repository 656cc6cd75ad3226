#include "vmm/boot/aarch64/load_guest.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/aarch64/image_header.h"
#include "vmm/boot/decompress.h"
#include "vmm/boot/elf_loader.h"
#include "vmm/boot/initrd.h"
#include "vmm/boot/kernel_image.h"

namespace skiff::arm64 {
namespace {

constexpr std::uint64_t kImageAlignment = 2 * MiB;
// booting.rst: kernel and initrd lie in one window of 32 GiB that begins at a multiple of 1 GiB.
constexpr std::uint64_t kWindow = 32 * GiB;
constexpr std::uint64_t kNoLimit = ~0ULL;

struct Job {
  const BootRequest& request;
  BootLayout layout;
  BootState state{};
};

// The place of an Image whose file has `file_size` bytes (0: not known before it is unpacked).
Range place_image(Job& job, const ImageHeader& header, std::uint64_t file_size,
                  const std::string& name) {
  if (header.is_big_endian) {
    throw ConfigError(fmt::format("{} is a big-endian kernel, which this board cannot run", name));
  }
  const std::uint64_t size = std::max(header.size, file_size);
  if (size == 0) {
    throw ConfigError(fmt::format(
        "{} is packed and does not say how large it is (a kernel older than 3.17): unpack it",
        name));
  }
  // Ends that wrap are told as what does not fit.
  const auto whole = checked_add(size, header.text_offset).value_or(kNoLimit);
  // The lowest place of RAM is good for both kinds; what lies below the text is free again.
  const Range place = job.layout.allocate_low("kernel", whole, kImageAlignment, kNoLimit);
  return {place.start + header.text_offset, size};
}

void enter(Job& job, std::uint64_t entry, std::string description) {
  job.state.pc = entry;
  job.state.description = std::move(description);
}

void load_plain(Job& job, ByteSource& kernel, const ImageHeader& header) {
  const std::uint64_t file_size = kernel.size().value();
  const Range place = place_image(job, header, file_size, kernel.name());
  kernel.read(0, job.layout.bytes(place).first(static_cast<std::size_t>(file_size)));
  enter(job, place.start, fmt::format("Image at {:#x} of {}", place.start, kernel.name()));
}

// Unpacks straight into guest RAM: the header, which comes first, says how much room there must be.
void load_packed(Job& job, ByteSource& kernel, std::uint64_t offset, std::uint64_t length,
                 Compression compression, std::string_view kind) {
  const auto decoder = make_decoder(compression, PackedInput(kernel, offset, length));
  std::array<std::byte, kImageHeaderSize> head{};
  const std::size_t got = decoder->read(head);
  const auto header = parse_image_header(std::span(head).first(got), kernel.name());
  if (!header) {
    throw ConfigError(fmt::format("{} holds, packed with {}, no arm64 Image", kernel.name(),
                                  compression_name(compression)));
  }
  const Range place = place_image(job, *header, 0, kernel.name());
  const auto bytes = job.layout.bytes(place);
  if (bytes.size() < head.size()) {
    throw ConfigError(
        fmt::format("{} is broken: its image size is {} bytes", kernel.name(), bytes.size()));
  }
  std::ranges::copy(head, bytes.begin());
  const auto rest = bytes.subspan(head.size());
  std::byte more{};
  if (decoder->read(rest) == rest.size() && decoder->read({&more, 1}) != 0) {
    throw ConfigError(
        fmt::format("{} is broken: it unpacks to more than the {} bytes its header "
                    "tells",
                    kernel.name(), bytes.size()));
  }
  enter(job, place.start,
        fmt::format("Image at {:#x} of {} ({}, {})", place.start, kernel.name(), kind,
                    compression_name(compression)));
}

void load_executable(Job& job, ByteSource& kernel) {
  const ElfFile elf = parse_elf(kernel);
  if (elf.bits != 64) {
    throw ConfigError(fmt::format("{} is a 32-bit ELF file", kernel.name()));
  }
  require_machine(elf, kernel, {EM_AARCH64});
  const auto entry = physical_entry(elf, elf.entry);
  if (!entry || *entry % 4 != 0) {
    throw ConfigError(
        fmt::format("{} has its entry point {:#x} in none of its segments, or not at "
                    "a multiple of 4",
                    kernel.name(), elf.entry));
  }
  load_elf(kernel, elf, job.layout, "kernel", job.request.memory_is_zero);
  enter(job, *entry, fmt::format("ELF entry at {:#x} of {}", *entry, kernel.name()));
}

void load_kernel(Job& job, ByteSource& kernel) {
  std::array<std::byte, kImageHeaderSize> storage{};
  const std::span<const std::byte> head = std::span(storage).first(kernel.read_head(storage));
  const std::uint64_t size = kernel.size().value();
  if (is_elf(head)) return load_executable(job, kernel);
  if (const auto header = parse_image_header(head, kernel.name())) {
    return load_plain(job, kernel, *header);
  }
  if (const auto payload = parse_zboot_header(head, size, kernel.name())) {
    std::array<std::byte, 16> magic{};
    const auto count = std::min<std::uint64_t>(payload->size, magic.size());
    kernel.read(payload->offset, std::span(magic).first(static_cast<std::size_t>(count)));
    if (const auto packed = detect_compression(magic)) {
      return load_packed(job, kernel, payload->offset, payload->size, *packed, "EFI zboot");
    }
    throw ConfigError(
        fmt::format("{} is an EFI zboot image packed in a way Skiff does not know", kernel.name()));
  }
  if (const auto packed = detect_compression(head)) {
    return load_packed(job, kernel, 0, size, *packed, "packed");
  }
  throw ConfigError(fmt::format(
      "{} is no kernel for arm64: Skiff knows Image, Image packed (Image.gz), EFI zboot images and "
      "ELF executables",
      kernel.name()));
}

std::vector<MemoryMapEntry> map_of(const GuestMemory& memory) {
  std::vector<MemoryMapEntry> map;
  for (const GuestMemory::Region& region : memory.regions())
    map.push_back({region.range, MemoryType::usable});
  return map;
}

}  // namespace

BootState load_guest(const BootRequest& request, ByteSource& kernel, ByteSource* initrd) {
  Job job{.request = request, .layout = BootLayout(request.memory, map_of(request.memory), {})};
  load_kernel(job, kernel);
  const std::uint64_t window_last = align_down(job.state.pc, GiB) + (kWindow - 1);
  if (initrd != nullptr) job.state.initrd = load_initrd(*initrd, job.layout, window_last);
  job.state.device_tree =
      job.layout.allocate_high("device tree", kMaxDeviceTree, kImageAlignment, window_last).start;
  job.state.ranges = job.layout.taken();
  std::ranges::sort(job.state.ranges, {},
                    [](const NamedRange& taken) { return taken.range.start; });
  return std::move(job.state);
}

BootState load_guest(const BootRequest& request) {
  KernelImage kernel = KernelImage::open(request.kernel, "kernel");
  if (request.initrd.empty()) return load_guest(request, kernel, nullptr);
  KernelImage initrd = KernelImage::open(request.initrd, "initrd");
  return load_guest(request, kernel, &initrd);
}

std::string describe(const BootState& state) {
  std::string text = state.description;
  for (const NamedRange& taken : state.ranges) {
    text += fmt::format("\n  {:#012x}-{:#012x} {:>9} KiB  {}", taken.range.start,
                        taken.range.last(), (taken.range.size + KiB - 1) / KiB, taken.name);
  }
  return text;
}

}  // namespace skiff::arm64
