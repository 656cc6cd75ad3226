// The escape key of an interactive console: tells what the person types to the guest from what they
// type to Skiff. Pure: bytes in, bytes and actions out.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace skiff {

enum class ConsoleAction { quit, power_button, reset, send_break, nmi, why, help };

class EscapeFilter {
 public:
  // `escape` 0: nothing is special, every byte goes to the guest.
  explicit EscapeFilter(char escape) : escape_(static_cast<std::byte>(escape)) {}

  // Appends to `to_guest` what is the guest's, and calls `act` for each action, in the order typed.
  void feed(std::span<const std::byte> typed, std::vector<std::byte>& to_guest,
            const std::function<void(ConsoleAction)>& act);

  // "Ctrl-A" for 0x01.
  std::string escape_name() const;
  // The table `escape h` prints; lines end in CR LF, as a raw terminal needs.
  std::string help() const;

 private:
  const std::byte escape_;
  bool pending_ = false;  // the escape key was the last byte
};

}  // namespace skiff
