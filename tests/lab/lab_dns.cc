// lab-dns: a name server for tests of user networking. Every name has one address.
//
//   lab-dns ADDRESS PORT ANSWER    answers on ADDRESS:PORT that any name's address (A) is ANSWER;
//   other types have no record
//
// RFC 1035 section 4: header of 12 bytes, one question, then the answer with a pointer to the
// question's name.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t kHeader = 12;
constexpr uint16_t kTypeA = 1;

// Turns the question in `packet` into its answer; the new size, or 0 if it is no question.
size_t answer(std::array<uint8_t, 1024>& packet, size_t size, in_addr address) {
  if (size < kHeader || (packet[2] & 0x80U) != 0) return 0;
  size_t end = kHeader;
  while (end < size && packet[end] != 0)
    end += packet[end] + 1U;
  end += 5;  // the root's empty label, type, class
  if (end > size || end + 16 > packet.size()) return 0;
  const bool wants_address = packet[end - 4] == 0 && packet[end - 3] == kTypeA;
  packet[2] = 0x85;  // response, authoritative, recursion desired
  packet[3] = 0x80;  // recursion available, no error
  const std::array<uint8_t, 8> counts{0, 1, 0, wants_address ? uint8_t{1} : uint8_t{0}, 0, 0, 0, 0};
  std::memcpy(packet.data() + 4, counts.data(), counts.size());
  if (!wants_address) return end;
  const std::array<uint8_t, 12> record{0xc0, kHeader, 0, kTypeA, 0, 1, 0, 0, 0, 60, 0, 4};
  std::memcpy(packet.data() + end, record.data(), record.size());
  std::memcpy(packet.data() + end + record.size(), &address, sizeof address);
  return end + record.size() + sizeof address;
}

}  // namespace

int main(int argc, char** argv) {
  sockaddr_in here{};
  in_addr told{};
  here.sin_family = AF_INET;
  if (argc != 4 || inet_pton(AF_INET, argv[1], &here.sin_addr) != 1 ||
      inet_pton(AF_INET, argv[3], &told) != 1) {
    std::fputs("lab-dns ADDRESS PORT ANSWER\n", stderr);
    return 2;
  }
  here.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[2])));
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    std::perror("lab-dns");
    return 1;
  }
  for (;;) {
    std::array<uint8_t, 1024> packet{};
    sockaddr_in peer{};
    socklen_t peer_size = sizeof peer;
    const ssize_t got = recvfrom(fd, packet.data(), packet.size(), 0,
                                 reinterpret_cast<sockaddr*>(&peer), &peer_size);
    if (got < 0) continue;
    const size_t size = answer(packet, static_cast<size_t>(got), told);
    if (size != 0) {
      sendto(fd, packet.data(), size, 0, reinterpret_cast<const sockaddr*>(&peer), peer_size);
    }
  }
}
