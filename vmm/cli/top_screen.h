// `skiff top` on a terminal: keys, the window's size, and a page on the alternate screen;
// everything as it was before on every way out. Thread rule: main thread.
#pragma once

#include <chrono>
#include <functional>

#include "vmm/cli/top_view.h"

namespace skiff {

// Stdin and stdout are terminals, and this process is in their foreground.
bool is_top_screen_possible();

// Until the person quits, or `sample` throws, which goes on.
void run_top_screen(const std::function<TopSample()>& sample, std::chrono::nanoseconds interval);

}  // namespace skiff
