// The escape key of an interactive console: tells what the person types to the guest from what they
// type to Skiff. Pure: bytes in, bytes and actions out.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace skiff {

enum class ConsoleAction {
  quit,  // `skiff run`: stop the guest
  power_button,
  reset,
  send_break,
  nmi,
  why,
  help,
  // `skiff console` alone:
  detach,
  send_file,
  take_writer,
  leave_writer,
};

// Whose keys: of `skiff run` in the foreground, or of `skiff console`, which can go away again.
enum class EscapeKeys { run, console };

class EscapeFilter {
 public:
  // `escape` 0: nothing is special, every byte goes to the guest.
  explicit EscapeFilter(char escape, EscapeKeys keys = EscapeKeys::run)
      : escape_(static_cast<std::byte>(escape)), keys_(keys) {}

  // Appends to `to_guest` what is the guest's, and calls `act` for each action, in the order typed.
  void feed(std::span<const std::byte> typed, std::vector<std::byte>& to_guest,
            const std::function<void(ConsoleAction)>& act);

  // "Ctrl-A" for 0x01.
  std::string escape_name() const;
  // The table `escape h` prints; lines end in CR LF, as a raw terminal needs.
  std::string help() const;

 private:
  const std::byte escape_;
  const EscapeKeys keys_;
  bool pending_ = false;  // the escape key was the last byte
};

}  // namespace skiff
