// The guest's end of a character stream: takes what it has room for; the test makes room.
// Thread rule: one thread, but for on_transmit_room, which may come from any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "vmm/io/byte_channel.h"

namespace skiff {

class FakeCharacterDevice final : public CharacterDevice {
 public:
  std::size_t receive(std::span<const std::byte> bytes) noexcept override {
    const std::size_t taken = std::min(room, bytes.size());
    text.append(reinterpret_cast<const char*>(bytes.data()), taken);
    room -= taken;
    return taken;
  }
  void receive_break() noexcept override { ++breaks; }
  void set_room_listener(ReceiveRoomListener* wanted) override { listener = wanted; }
  void on_transmit_room() noexcept override {
    transmit_rooms.fetch_add(1);
    transmit_rooms.notify_all();
  }
  bool is_transmit_idle() noexcept override { return more_output == nullptr || more_output(); }
  void on_window_size(std::uint16_t columns, std::uint16_t rows) noexcept override {
    window = {columns, rows};
  }

  void make_room(std::size_t more) {
    room += more;
    listener->on_receive_room();
  }

  std::size_t room = 1'000'000'000;
  std::string text;
  int breaks = 0;
  std::pair<int, int> window{};
  ReceiveRoomListener* listener = nullptr;
  std::atomic<int> transmit_rooms{0};
  std::function<bool()> more_output;  // brings some; true: there is no more
};

}  // namespace skiff
