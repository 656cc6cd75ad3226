// libslirp (4.1 or later), loaded when a virtual machine uses it and never before: it brings GLib
// along, which would cost every other machine its start-up time. Only what Skiff uses is declared,
// as the library's ABI has it (libslirp.h, configuration version 1).
//
// Thread rule: load from any thread; the functions as SlirpBackend says.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace skiff {

struct Slirp;  // the library's own

// Events for add_poll and get_revents.
inline constexpr int kSlirpPollIn = 1;
inline constexpr int kSlirpPollOut = 2;
inline constexpr int kSlirpPollPri = 4;
inline constexpr int kSlirpPollErr = 8;
inline constexpr int kSlirpPollHup = 16;

using SlirpTimerFunction = void (*)(void* opaque);

// What the library calls; in the library's order.
struct SlirpCallbacks {
  ssize_t (*send_packet)(const void* frame, std::size_t size, void* opaque);
  void (*guest_error)(const char* message, void* opaque);
  std::int64_t (*clock_get_ns)(void* opaque);
  void* (*timer_new)(SlirpTimerFunction function, void* function_opaque, void* opaque);
  void (*timer_free)(void* timer, void* opaque);
  void (*timer_mod)(void* timer, std::int64_t expire_time_ms, void* opaque);
  void (*register_poll_fd)(int fd, void* opaque);
  void (*unregister_poll_fd)(int fd, void* opaque);
  void (*notify)(void* opaque);
};

struct SlirpConfiguration {
  std::uint32_t version;
  int restricted;
  bool in_enabled;
  in_addr vnetwork;
  in_addr vnetmask;
  in_addr vhost;
  bool in6_enabled;
  in6_addr vprefix_addr6;
  std::uint8_t vprefix_len;
  in6_addr vhost6;
  const char* vhostname;
  const char* tftp_server_name;
  const char* tftp_path;
  const char* bootfile;
  in_addr vdhcp_start;
  in_addr vnameserver;
  in6_addr vnameserver6;
  const char** vdnssearch;
  const char* vdomainname;
  std::size_t if_mtu;
  std::size_t if_mru;
  bool disable_host_loopback;
  bool enable_emu;
};

struct SlirpLibrary {
  Slirp* (*create)(const SlirpConfiguration* configuration, const SlirpCallbacks* callbacks,
                   void* opaque);
  void (*cleanup)(Slirp* slirp);
  void (*pollfds_fill)(Slirp* slirp, std::uint32_t* timeout_ms,
                       int (*add_poll)(int fd, int events, void* opaque), void* opaque);
  void (*pollfds_poll)(Slirp* slirp, int select_error, int (*get_revents)(int index, void* opaque),
                       void* opaque);
  void (*input)(Slirp* slirp, const std::uint8_t* frame, int size);
  int (*add_hostfwd)(Slirp* slirp, int is_udp, in_addr host_address, int host_port,
                     in_addr guest_address, int guest_port);
  const char* (*version)();

  // Null where it is not installed, or too old. It stays loaded.
  static const SlirpLibrary* load();
};

}  // namespace skiff
