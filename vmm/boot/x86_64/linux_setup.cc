#include "vmm/boot/x86_64/linux_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "vmm/base/bits.h"
#include "vmm/base/bytes.h"
#include "vmm/base/error.h"

namespace skiff {
namespace {

constexpr std::uint64_t kHeaderAt = 0x1f1;
constexpr std::uint64_t kJumpLengthAt = 0x201;  // second byte of the jump: header end - 0x202
constexpr std::uint16_t kBootFlag = 0xaa55;
constexpr std::uint32_t kSignature = 0x5372'6448;  // "HdrS"
constexpr std::uint64_t kSector = 512;
constexpr std::uint16_t kFirstWithCmdlineSize = 0x206;
constexpr std::uint16_t kFirstWithPayload = 0x208;

[[noreturn]] void refuse_kernel(const ByteSource& kernel, std::string_view why) {
  throw ConfigError(fmt::format("{} {}", kernel.name(), why));
}

std::string version_text(std::uint16_t version) {
  return fmt::format("{}.{:02}", version >> 8, version & 0xff);
}

void find_payload(ByteSource& kernel, LinuxSetup& setup) {
  if (setup.header.version < kFirstWithPayload || setup.header.payload_length == 0) return;
  setup.payload_offset = setup.kernel_offset + setup.header.payload_offset;
  setup.payload_size = setup.header.payload_length;
  if (!fits(kernel.size().value(), setup.payload_offset, setup.payload_size)) {
    refuse_kernel(kernel, fmt::format("is cut short: its payload ends at byte {}, the file has {}",
                                      setup.payload_offset + setup.payload_size, *kernel.size()));
  }
  std::byte magic[8]{};
  kernel.read(setup.payload_offset,
              std::span(magic).first(std::min<std::size_t>(sizeof(magic), setup.payload_size)));
  setup.payload = detect_compression(magic);
}

}  // namespace

bool is_bzimage(std::span<const std::byte> head) {
  return load_le<std::uint16_t>(head, 0x1fe) == kBootFlag &&
         load_le<std::uint32_t>(head, 0x202) == kSignature;
}

LinuxSetup parse_linux_setup(ByteSource& kernel) {
  std::byte head[kHeaderAt + sizeof(setup_header)]{};
  const std::size_t have = kernel.read_head(head);
  if (!is_bzimage(std::span(head).first(have))) {
    refuse_kernel(kernel, "is not a Linux bzImage (no \"HdrS\" at offset 0x202)");
  }
  if (have < sizeof(head)) refuse_kernel(kernel, "is cut short: its setup header is not all there");
  LinuxSetup setup;
  std::memcpy(&setup.header, head + kHeaderAt, sizeof(setup.header));
  // A header shorter than ours: what follows it is code. Only fields up to its end are its own.
  const std::uint64_t end = 0x202 + std::to_integer<std::uint64_t>(head[kJumpLengthAt]);
  const std::uint64_t length = std::min<std::uint64_t>(end - kHeaderAt, sizeof(setup.header));
  std::memset(reinterpret_cast<std::byte*>(&setup.header) + length, 0,
              sizeof(setup.header) - length);

  const std::uint16_t version = setup.header.version;
  if (version < kFirstWithCmdlineSize) {
    refuse_kernel(kernel,
                  fmt::format("speaks boot protocol {}; 2.06 (Linux 2.6.22) or newer is needed",
                              version_text(version)));
  }
  if ((setup.header.loadflags & LOADED_HIGH) == 0) {
    refuse_kernel(kernel, "is a zImage, made to be loaded below 1 MiB; build a bzImage");
  }
  // 0 stands for 4 (boot.rst, "setup_sects").
  const std::uint64_t sectors = setup.header.setup_sects == 0 ? 4 : setup.header.setup_sects;
  setup.kernel_offset = (sectors + 1) * kSector;
  const std::uint64_t file_size = kernel.size().value();
  setup.kernel_size = setup.header.syssize * 16ULL;
  // syssize counts paragraphs, so that the last one need not be whole in the file.
  if (setup.kernel_size < 16 || !fits(file_size, setup.kernel_offset, setup.kernel_size - 15)) {
    refuse_kernel(kernel,
                  fmt::format("is cut short: its setup header tells {} bytes, the file has {}",
                              setup.kernel_offset + setup.kernel_size, file_size));
  }
  setup.kernel_size = std::min(setup.kernel_size, file_size - setup.kernel_offset);
  find_payload(kernel, setup);
  return setup;
}

std::unique_ptr<DecodedSource> open_payload(ByteSource& kernel, const LinuxSetup& setup,
                                            std::uint64_t limit) {
  if (!setup.payload) {
    refuse_kernel(kernel,
                  fmt::format("has {}; use boot.protocol = \"linux64\", which lets the kernel "
                              "unpack itself",
                              setup.payload_size == 0 ? "no payload that its header tells of"
                                                      : "a payload of no known compression"));
  }
  if (!can_decompress(*setup.payload)) {
    refuse_kernel(kernel,
                  fmt::format("is packed with {}, which Skiff does not unpack; use boot.protocol = "
                              "\"linux64\", which lets the kernel unpack itself",
                              compression_name(*setup.payload)));
  }
  return std::make_unique<DecodedSource>(
      fmt::format("{} (its {} payload)", kernel.name(), compression_name(*setup.payload)),
      make_decoder(*setup.payload, PackedInput(kernel, setup.payload_offset, setup.payload_size)),
      limit);
}

}  // namespace skiff
