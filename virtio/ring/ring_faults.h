// How a driver can break a ring: the texts of Virtqueue::fault().
#pragma once

namespace skiff::ring_fault {

// Where the driver says what is available.
inline constexpr char kAvailableAhead[] =
    "the available index is ahead by more than the queue's size";
inline constexpr char kOverfull[] = "more is available than the queue has free";
inline constexpr char kHead[] = "a head index is not below the queue's size";
inline constexpr char kNotAvailable[] =
    "a chain goes on with a descriptor that is not available";  // packed

// Chains.
inline constexpr char kNext[] = "a next index is not below the size of its table";
inline constexpr char kTooLong[] = "a chain is longer than the queue's size, or a loop";
inline constexpr char kOrder[] = "a readable buffer follows a writable one";
inline constexpr char kEmptyBuffer[] = "a buffer's length is zero";
inline constexpr char kBufferNotRam[] = "a buffer is not wholly inside one region of RAM";
inline constexpr char kSum[] = "a chain's length does not fit 32 bits";

// Indirect tables.
inline constexpr char kIndirectNotNegotiated[] =
    "an indirect descriptor without VIRTIO_F_INDIRECT_DESC";
inline constexpr char kIndirectAndNext[] = "a descriptor has both INDIRECT and NEXT";
inline constexpr char kIndirectInChain[] =
    "an indirect descriptor follows another of its chain";  // packed
inline constexpr char kIndirectNested[] =
    "an indirect table holds an indirect descriptor";  // split
inline constexpr char kIndirectLength[] =
    "an indirect table's length is not a positive multiple of 16";
inline constexpr char kIndirectTooLong[] = "an indirect table has more entries than the queue";
inline constexpr char kIndirectNotRam[] =
    "an indirect table is not wholly inside one region of RAM";

}  // namespace skiff::ring_fault
