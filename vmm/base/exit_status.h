// The exit statuses of the `skiff` program, as documented in its man page.
#pragma once

namespace skiff::exit_status {

inline constexpr int kPoweredOff = 0;
// A status the guest wrote to the debug-exit port is passed on up to here; larger ones become this
// with a message.
inline constexpr int kGuestMax = 119;
inline constexpr int kUsage = 120;       // command line or configuration
inline constexpr int kHost = 121;        // the host refused something
inline constexpr int kGuestPanic = 122;  // the guest's kernel said so
inline constexpr int kGuestFault =
    123;  // triple fault, or KVM cannot go on (KVM_EXIT_INTERNAL_ERROR)
// Stopped by signal N: 128 + N, as shells have it.
constexpr int of_signal(int number) {
  return 128 + number;
}
// What a guest's own status becomes.
constexpr int of_guest(unsigned status) {
  return status > static_cast<unsigned>(kGuestMax) ? kGuestMax : static_cast<int>(status);
}

}  // namespace skiff::exit_status
