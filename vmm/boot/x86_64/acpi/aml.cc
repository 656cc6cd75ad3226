#include "vmm/boot/x86_64/acpi/aml.h"

#include <algorithm>
#include <cassert>
#include <cctype>

namespace skiff::aml {
namespace {

// Opcodes (20.3).
constexpr unsigned kZero = 0x00;
constexpr unsigned kOne = 0x01;
constexpr unsigned kName = 0x08;
constexpr unsigned kByte = 0x0a;
constexpr unsigned kWord = 0x0b;
constexpr unsigned kDword = 0x0c;
constexpr unsigned kString = 0x0d;
constexpr unsigned kQword = 0x0e;
constexpr unsigned kScope = 0x10;
constexpr unsigned kBuffer = 0x11;
constexpr unsigned kPackage = 0x12;
constexpr unsigned kMethod = 0x14;
constexpr unsigned kDualName = 0x2e;
constexpr unsigned kMultiName = 0x2f;
constexpr unsigned kExtended = 0x5b;
constexpr unsigned kDevice = 0x82;  // after kExtended
constexpr unsigned kLocal0 = 0x60;
constexpr unsigned kArg0 = 0x68;
constexpr unsigned kStore = 0x70;
constexpr unsigned kAnd = 0x7b;
constexpr unsigned kOr = 0x7d;
constexpr unsigned kCreateDwordField = 0x8a;
constexpr unsigned kNot = 0x92;
constexpr unsigned kEqual = 0x93;
constexpr unsigned kIf = 0xa0;
constexpr unsigned kElse = 0xa1;
constexpr unsigned kReturn = 0xa4;

void put(std::string& out, unsigned byte) {
  out.push_back(static_cast<char>(byte & 0xff));
}

void put_le(std::string& out, std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i)
    put(out, static_cast<unsigned>(value >> (i * 8)));
}

std::string join(const Terms& terms) {
  std::string out;
  for (const Term& term : terms)
    out += term.bytes;
  return out;
}

// PkgLength (20.2.4) of a body, which counts itself: 1 byte up to 63, else a count of more bytes
// and 4 + 8n bits.
std::string with_length(const std::string& body) {
  std::string out;
  if (body.size() + 1 < 0x40) {
    put(out, static_cast<unsigned>(body.size() + 1));
  } else {
    unsigned extra = 1;
    while (body.size() + 1 + extra >= 1ULL << (4 + 8 * extra))
      ++extra;
    assert(extra <= 3);
    const std::size_t length = body.size() + 1 + extra;
    put(out, static_cast<unsigned>(extra << 6 | (length & 0xf)));
    put_le(out, length >> 4, extra);
  }
  return out + body;
}

[[maybe_unused]] bool is_segment(std::string_view segment) {
  if (segment.empty() || segment.size() > 4) return false;
  if (std::isdigit(static_cast<unsigned char>(segment.front())) != 0) return false;
  return std::ranges::all_of(segment, [](unsigned char c) {
    return std::isupper(c) != 0 || std::isdigit(c) != 0 || c == '_';
  });
}

void put_segment(std::string& out, std::string_view segment) {
  assert(is_segment(segment));
  out += segment;
  out.append(4 - segment.size(), '_');
}

// NameString (20.2.2).
std::string encode_path(std::string_view path) {
  std::string out;
  while (!path.empty() && (path.front() == '\\' || path.front() == '^')) {
    out.push_back(path.front());
    path.remove_prefix(1);
  }
  const auto segments = static_cast<unsigned>(std::ranges::count(path, '.') + 1);
  if (segments == 2) put(out, kDualName);
  if (segments > 2) {
    put(out, kMultiName);
    put(out, segments);
  }
  while (!path.empty()) {
    const std::size_t dot = path.find('.');
    put_segment(out, path.substr(0, dot));
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return out;
}

Term term(std::initializer_list<unsigned> opcode, std::string_view rest) {
  Term out;
  for (const unsigned byte : opcode)
    put(out.bytes, byte);
  out.bytes += rest;
  return out;
}

}  // namespace

Term sequence(const Terms& terms) {
  return {join(terms)};
}

Term integer(std::uint64_t value) {
  Term out;
  if (value <= 1) {
    put(out.bytes, value == 0 ? kZero : kOne);
    return out;
  }
  const unsigned width = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffff'ffff ? 4 : 8;
  put(out.bytes, width == 1 ? kByte : width == 2 ? kWord : width == 4 ? kDword : kQword);
  put_le(out.bytes, value, width);
  return out;
}

Term string(std::string_view text) {
  Term out = term({kString}, text);
  put(out.bytes, 0);
  return out;
}

Term buffer(std::string_view bytes) {
  return term({kBuffer}, with_length(integer(bytes.size()).bytes + std::string(bytes)));
}

Term package(const Terms& elements) {
  assert(elements.size() <= 0xff);
  std::string body;
  put(body, static_cast<unsigned>(elements.size()));
  return term({kPackage}, with_length(body + join(elements)));
}

// EISAID (19.3.4): three letters of five bits, four hexadecimal digits, big-endian.
Term eisa_id(std::string_view id) {
  assert(id.size() == 7);
  std::uint32_t value = 0;
  for (const char c : id.substr(0, 3)) {
    assert(std::isupper(c) != 0);
    value = value << 5 | static_cast<std::uint32_t>(c - '@');
  }
  for (const char c : id.substr(3)) {
    assert(std::isxdigit(c) != 0);
    const int digit = std::isdigit(c) != 0 ? c - '0' : std::toupper(c) - 'A' + 10;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return integer(__builtin_bswap32(value));
}

Term uuid(const std::array<std::uint8_t, 16>& bytes) {
  return buffer(std::string(bytes.begin(), bytes.end()));
}

Term name(std::string_view path, const Term& value) {
  return term({kName}, encode_path(path) + value.bytes);
}

Term scope(std::string_view path, const Terms& body) {
  return term({kScope}, with_length(encode_path(path) + join(body)));
}

Term device(std::string_view path, const Terms& body) {
  return term({kExtended, kDevice}, with_length(encode_path(path) + join(body)));
}

Term method(std::string_view path, unsigned arguments, bool serialized, const Terms& body) {
  assert(arguments <= 7);
  std::string head = encode_path(path);
  put(head, arguments | (serialized ? 8U : 0U));
  return term({kMethod}, with_length(head + join(body)));
}

Term arg(unsigned index) {
  assert(index <= 6);
  return term({kArg0 + index}, {});
}

Term local(unsigned index) {
  assert(index <= 7);
  return term({kLocal0 + index}, {});
}

Term ref(std::string_view path) {
  return {encode_path(path)};
}

Term create_dword_field(const Term& source, unsigned byte_index, std::string_view path) {
  return term({kCreateDwordField}, source.bytes + integer(byte_index).bytes + encode_path(path));
}

Term store(const Term& source, const Term& target) {
  return term({kStore}, source.bytes + target.bytes);
}

Term bit_and(const Term& a, const Term& b, const Term& target) {
  return term({kAnd}, a.bytes + b.bytes + target.bytes);
}

Term bit_or(const Term& a, const Term& b, const Term& target) {
  return term({kOr}, a.bytes + b.bytes + target.bytes);
}

Term equal(const Term& a, const Term& b) {
  return term({kEqual}, a.bytes + b.bytes);
}

Term not_equal(const Term& a, const Term& b) {
  return term({kNot, kEqual}, a.bytes + b.bytes);
}

Term if_then(const Term& condition, const Terms& body) {
  return term({kIf}, with_length(condition.bytes + join(body)));
}

Term otherwise(const Terms& body) {
  return term({kElse}, with_length(join(body)));
}

Term return_value(const Term& value) {
  return term({kReturn}, value.bytes);
}

}  // namespace skiff::aml
