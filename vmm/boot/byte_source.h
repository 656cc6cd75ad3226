// Where the bytes of a boot image come from: a host file (KernelImage), a buffer (BytesSource) or a
// compressed payload (DecodedSource). Everything read from one is untrusted.
// Thread rule: one thread, before the machine starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace skiff {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Fills `out` with the bytes from `offset` on; throws ConfigError if not all of them are there.
  virtual void read(std::uint64_t offset, std::span<std::byte> out) = 0;
  // Size [bytes]; nothing where only reading to the end would tell.
  virtual std::optional<std::uint64_t> size() const = 0;
  // How messages call it, e.g. "kernel /boot/vmlinuz".
  virtual const std::string& name() const = 0;

  // The image's first bytes: `limit` of them, or all there are if it is shorter. Only for sources
  // whose size is known.
  std::size_t read_head(std::span<std::byte> out);
};

// A buffer that outlives the source.
class BytesSource final : public ByteSource {
 public:
  BytesSource(std::string name, std::span<const std::byte> bytes)
      : name_(std::move(name)), bytes_(bytes) {}

  void read(std::uint64_t offset, std::span<std::byte> out) override;
  std::optional<std::uint64_t> size() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }

 private:
  std::string name_;
  std::span<const std::byte> bytes_;
};

// A fixed-width structure at `offset` of the image; throws ConfigError past the end.
template <typename T>
T read_object(ByteSource& source, std::uint64_t offset) {
  T value;
  source.read(offset, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

}  // namespace skiff
