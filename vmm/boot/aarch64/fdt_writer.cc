#include "vmm/boot/aarch64/fdt_writer.h"

#include <fmt/format.h>
#include <libfdt.h>

#include "vmm/base/error.h"

namespace skiff::arm64 {
namespace {

void append(std::vector<std::uint32_t>& cells, std::uint64_t value) {
  cells.push_back(static_cast<std::uint32_t>(value >> 32));
  cells.push_back(static_cast<std::uint32_t>(value));
}

}  // namespace

FdtWriter::FdtWriter(std::size_t capacity) : buffer_(capacity) {
  check(fdt_create(buffer_.data(), static_cast<int>(buffer_.size())));
  check(fdt_finish_reservemap(buffer_.data()));
}

void FdtWriter::check(int result) const {
  if (result >= 0) return;
  throw HostError(fmt::format("cannot write the device tree: {}", fdt_strerror(result)));
}

void FdtWriter::begin_node(const std::string& name) {
  check(fdt_begin_node(buffer_.data(), name.c_str()));
}

void FdtWriter::end_node() {
  check(fdt_end_node(buffer_.data()));
}

void FdtWriter::property(const char* name) {
  check(fdt_property(buffer_.data(), name, nullptr, 0));
}

void FdtWriter::property(const char* name, std::string_view text) {
  property(name, {text});
}

void FdtWriter::property(const char* name, std::initializer_list<std::string_view> texts) {
  std::string value;
  for (const std::string_view text : texts) {
    value += text;
    value += '\0';
  }
  bytes(name, std::as_bytes(std::span(value)));
}

void FdtWriter::cells(const char* name, std::span<const std::uint32_t> values) {
  std::vector<std::uint32_t> big_endian;
  big_endian.reserve(values.size());
  for (const std::uint32_t value : values)
    big_endian.push_back(cpu_to_fdt32(value));
  bytes(name, std::as_bytes(std::span(big_endian)));
}

void FdtWriter::wide(const char* name, std::initializer_list<std::uint64_t> values) {
  std::vector<std::uint32_t> halves;
  for (const std::uint64_t value : values)
    append(halves, value);
  cells(name, halves);
}

void FdtWriter::bytes(const char* name, std::span<const std::byte> value) {
  check(fdt_property(buffer_.data(), name, value.data(), static_cast<int>(value.size())));
}

std::vector<std::byte> FdtWriter::finish() {
  check(fdt_finish(buffer_.data()));
  buffer_.resize(fdt_totalsize(buffer_.data()));
  return std::move(buffer_);
}

}  // namespace skiff::arm64
