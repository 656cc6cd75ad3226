// What happened between two looks at a VM, a second: rows for a screen, a page or a program.
// Thread rule: any thread; no state is kept.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/cli/top_sample.h"

namespace skiff {

enum class TopSort : std::uint8_t { count, time, each };

struct TopView {
  struct Exits {
    TopExits what;  // its counts are those of the interval
    double per_second = 0;
    double ns_each = 0;     // Skiff's part of one exit
    double time_share = 0;  // of one processor's time, 0 to 1
  };
  struct Queue {
    std::string device;
    std::uint16_t index = 0;
    double notifications = 0;  // a second, as the following
    double requests = 0;
    double interrupts = 0;
  };
  struct Thread {
    std::string name;
    double user = 0;  // of one processor's time, 0 to 1, as the following
    double system = 0;
    double guest = 0;
  };

  VmInfo vm;
  double seconds = 0;  // between the two
  double exits_per_second = 0;
  std::vector<Exits> exits;   // that happened at all
  std::vector<Queue> queues;  // likewise
  std::vector<Thread> threads;
  std::vector<std::string> broken;  // devices that need a reset
};

// A machine that was reset meanwhile began its counts again: they are of its own time then.
TopView make_top_view(const TopSample& before, const TopSample& after, TopSort sort);

struct TopScreen {
  std::size_t columns = 0;  // 0: lines as long as they are
  std::size_t rows = 0;     // 0: all of them
  bool frozen = false;
  bool help = false;
  TopSort sort = TopSort::time;
};

// Lines that end with a newline; no escape sequences.
std::string to_text(const TopView& view, const TopScreen& screen);
// One object on one line, ended by a newline.
std::string to_json(const TopView& view);

}  // namespace skiff
