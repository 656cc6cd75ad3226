// What the command packets of a CD-ROM drive with one data track mean: an answer, a range of blocks
// to read, nothing, or an error. Pure: no register and no disk in here.
//
// Thread rule: plain functions.
// Source: see atapi_regs.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/ide/atapi_regs.h"

namespace skiff {

using AtapiPacket = std::span<const std::byte, atapi::kPacketSize>;

// The disc in the drive.
struct AtapiDisc {
  std::uint32_t blocks = 0;  // of atapi::kBlockSize bytes
};

// An answer grows from zeros; what is written beyond its end is a fault of ours, not of the
// guest's.
class AtapiAnswer {
 public:
  static constexpr std::size_t kCapacity = 256;  // [bytes]

  // Big endian, as all of SCSI is.
  AtapiAnswer& put(std::uint64_t value, unsigned width);
  AtapiAnswer& text(const char* text, std::size_t width);  // padded with spaces
  AtapiAnswer& zeros(std::size_t count);
  // Over what is there.
  void put_at(std::size_t offset, std::uint64_t value, unsigned width);
  void cut(std::size_t size);  // the allocation length
  std::size_t size() const { return size_; }
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(size_); }

 private:
  std::array<std::byte, kCapacity> bytes_{};
  std::size_t size_ = 0;
};

struct AtapiResult {
  enum class Kind : std::uint8_t { done, answer, read, error };
  Kind kind = Kind::done;
  AtapiAnswer answer{};
  std::uint32_t block = 0;  // of read
  std::uint32_t blocks = 0;
  atapi::Sense sense{};  // of error
};

// Every packet but REQUEST SENSE, which tells of the one before it.
AtapiResult execute_atapi(AtapiPacket packet, const AtapiDisc& disc);
AtapiResult atapi_request_sense(AtapiPacket packet, const atapi::Sense& sense);
// Whether a drive that has been reset says so in place of executing it (SAM-3, unit attention
// condition).
bool atapi_reports_reset(std::uint8_t operation);

}  // namespace skiff
