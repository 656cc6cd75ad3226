// Kernel images made in memory, valid until a test breaks them; and what else the tests of vmm/boot
// share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/error.h"
#include "vmm/boot/decompress.h"

namespace skiff::test {

using Bytes = std::vector<std::byte>;

// Overwrites part of `bytes`, growing it as needed.
template <typename T>
void patch(Bytes& bytes, std::size_t offset, const T& value) {
  if (bytes.size() < offset + sizeof(T)) bytes.resize(offset + sizeof(T));
  std::memcpy(bytes.data() + offset, &value, sizeof(T));
}
void patch_text(Bytes& bytes, std::size_t offset, std::string_view text);
Bytes to_bytes(std::string_view text);

// Compressible, but not all the same.
Bytes sample_data(std::size_t size);
Bytes compress(Compression compression, std::span<const std::byte> data);

struct ElfOptions {
  std::uint64_t address = 0x10'0000;  // physical, of the only PT_LOAD
  std::uint64_t virtual_address = 0x10'0000;
  std::uint64_t entry = 0x10'0010;
  std::uint64_t file_size = 0x100;  // of the segment
  std::uint64_t memory_size = 0x2000;
  Bytes notes = {};  // contents of a PT_NOTE; empty: none
};
// Program header 0 is the PT_LOAD (its file part at kElfSegmentAt, bytes 0xc0 + i), 1 the PT_NOTE.
inline constexpr std::size_t kElfSegmentAt = 0x1000;
Bytes make_elf64(const ElfOptions& options = {});
Bytes make_elf32(const ElfOptions& options = {});
Bytes make_note(std::string_view name, std::uint32_t type, const Bytes& description);

// The message of the Error that `action` throws; a test failure and "" if it throws none.
template <typename Expected, typename Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error was thrown";
  return "";
}

}  // namespace skiff::test
