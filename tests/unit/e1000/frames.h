// Frames with addresses, IP and TCP or UDP, made and judged without the code under test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/net/mac_address.h"

namespace skiff::e1000_test {

inline constexpr MacAddress kOwn{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
inline constexpr MacAddress kOther{{0x52, 0x54, 0, 0xaa, 0xbb, 0xcc}};
inline constexpr MacAddress kEverybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
inline constexpr MacAddress kGroup{{0x01, 0x00, 0x5e, 0x00, 0x12, 0x34}};

inline constexpr std::size_t kEth = 14;
inline constexpr std::size_t kIp4 = 20;
inline constexpr std::size_t kIp6 = 40;
inline constexpr std::size_t kTcpSize = 20;
inline constexpr std::size_t kUdpSize = 8;

inline unsigned at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes.at(index));
}
inline unsigned word(std::string_view bytes, std::size_t index) {
  return at(bytes, index) << 8 | at(bytes, index + 1);
}
inline std::uint32_t dword(std::string_view bytes, std::size_t index) {
  return word(bytes, index) << 16 | word(bytes, index + 2);
}
inline void put_word(std::string& bytes, std::size_t index, unsigned value) {
  bytes.at(index) = static_cast<char>(value >> 8);
  bytes.at(index + 1) = static_cast<char>(value);
}
inline std::string text(const MacAddress& mac) {
  return {reinterpret_cast<const char*>(mac.bytes.data()), mac.bytes.size()};
}
// The sum as RFC 1071 writes it, word by word.
inline unsigned plain_sum(std::string_view bytes, std::uint64_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    sum += at(bytes, i) << 8 | (i + 1 < bytes.size() ? at(bytes, i + 1) : 0);
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<unsigned>(sum);
}
inline std::string payload_of(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 31 + i / 251 + 7);
  return bytes;
}
// `size` bytes of no protocol.
inline std::string raw_frame(std::size_t size, const MacAddress& to = kOwn) {
  std::string frame = text(to) + text(kOther) + std::string("\x88\xb5", 2) + payload_of(2000);
  while (frame.size() < size)
    frame += payload_of(2000);
  return frame.substr(0, size);
}

struct Shape {
  bool is_ipv6 = false;
  bool is_tcp = true;
  std::size_t ip() const { return kEth; }
  std::size_t layer4() const { return kEth + (is_ipv6 ? kIp6 : kIp4); }
  std::size_t header() const { return layer4() + (is_tcp ? kTcpSize : kUdpSize); }
  std::size_t sum_field() const { return layer4() + (is_tcp ? 16 : 6); }
};

inline unsigned pseudo_sum(std::string_view frame, const Shape& shape, unsigned length) {
  const std::string_view addresses =
      shape.is_ipv6 ? frame.substr(kEth + 8, 32) : frame.substr(kEth + 12, 8);
  return plain_sum(addresses, std::uint64_t{length} + (shape.is_tcp ? 6 : 17));
}
// All sums zero; lengths filled in.
inline std::string ip_frame(const Shape& shape, std::string_view payload,
                            const MacAddress& to = kOwn) {
  std::string frame = text(to) + text(kOther);
  frame += shape.is_ipv6 ? std::string("\x86\xdd", 2) : std::string("\x08\x00", 2);
  frame.resize(shape.header());
  const std::size_t l4 = shape.layer4();
  const std::size_t length = frame.size() - l4 + payload.size();
  if (shape.is_ipv6) {
    frame[kEth] = 0x60;
    put_word(frame, kEth + 4, static_cast<unsigned>(length));
    frame[kEth + 6] = shape.is_tcp ? 6 : 17;
    frame[kEth + 7] = 64;
  } else {
    frame[kEth] = 0x45;
    put_word(frame, kEth + 2, static_cast<unsigned>(length + kIp4));
    put_word(frame, kEth + 4, 0x1234);
    frame[kEth + 8] = 64;
    frame[kEth + 9] = shape.is_tcp ? 6 : 17;
  }
  for (std::size_t i = shape.is_ipv6 ? kEth + 8 : kEth + 12; i < l4; ++i)
    frame[i] = static_cast<char>(i * 3);
  put_word(frame, l4, 0x3039);
  put_word(frame, l4 + 2, 80);
  if (shape.is_tcp) {
    put_word(frame, l4 + 4, 0xffff);
    put_word(frame, l4 + 6, 0xff00);  // a sequence number that wraps
    frame[l4 + 12] = 0x50;
    frame[l4 + 13] = static_cast<char>(0x80 | 0x10 | 0x08 | 0x01);  // CWR ACK PSH FIN
  } else {
    put_word(frame, l4 + 4, static_cast<unsigned>(length));
  }
  return frame + std::string(payload);
}
inline void fill_sums(std::string& frame, const Shape& shape) {
  if (!shape.is_ipv6) {
    put_word(frame, kEth + 10, 0);
    put_word(frame, kEth + 10, 0xffff ^ plain_sum(std::string_view(frame).substr(kEth, kIp4)));
  }
  put_word(frame, shape.sum_field(), 0);
  const std::string_view l4 = std::string_view(frame).substr(shape.layer4());
  const unsigned pseudo = pseudo_sum(frame, shape, static_cast<unsigned>(l4.size()));
  put_word(frame, shape.sum_field(), 0xffff ^ plain_sum(l4, pseudo));
}
inline bool has_good_ip_sum(std::string_view frame) {
  return plain_sum(frame.substr(kEth, kIp4)) == 0xffff;
}
inline bool has_good_sum(std::string_view frame, const Shape& shape) {
  const std::string_view l4 = frame.substr(shape.layer4());
  return plain_sum(l4, pseudo_sum(frame, shape, static_cast<unsigned>(l4.size()))) == 0xffff;
}

}  // namespace skiff::e1000_test
