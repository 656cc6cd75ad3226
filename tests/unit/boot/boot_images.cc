#include "tests/unit/boot/boot_images.h"

#include <bzlib.h>
#include <elf.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace skiff::test {
namespace {

constexpr std::size_t kLz4Block = 8 << 20;

Bytes compress_gzip(std::span<const std::byte> data) {
  z_stream stream{};
  deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, data.size()) + 64);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Bytes compress_bzip2(std::span<const std::byte> data) {
  Bytes out(data.size() + data.size() / 50 + 1024);
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size,
                                     reinterpret_cast<char*>(const_cast<std::byte*>(data.data())),
                                     static_cast<unsigned>(data.size()), 1, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

Bytes compress_lzma(std::span<const std::byte> data, bool xz) {
  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 0);
  EXPECT_EQ(
      xz ? lzma_easy_encoder(&stream, 0, LZMA_CHECK_CRC32) : lzma_alone_encoder(&stream, &options),
      LZMA_OK);
  Bytes out(data.size() + data.size() / 2 + 1024);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(data.data());
  stream.avail_in = data.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  EXPECT_EQ(lzma_code(&stream, LZMA_FINISH), LZMA_STREAM_END);
  out.resize(stream.total_out);
  lzma_end(&stream);
  return out;
}

Bytes compress_lz4(std::span<const std::byte> data) {
  Bytes out;
  patch<std::uint32_t>(out, 0, 0x184c2102);
  while (!data.empty()) {
    const auto block = data.first(std::min(data.size(), kLz4Block));
    std::vector<char> packed(static_cast<std::size_t>(LZ4_compressBound(int(block.size()))));
    const int size = LZ4_compress_default(reinterpret_cast<const char*>(block.data()),
                                          packed.data(), int(block.size()), int(packed.size()));
    patch(out, out.size(), static_cast<std::uint32_t>(size));
    patch_text(out, out.size(), {packed.data(), static_cast<std::size_t>(size)});
    data = data.subspan(block.size());
  }
  return out;
}

Bytes compress_zstd(std::span<const std::byte> data) {
  Bytes out(ZSTD_compressBound(data.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 1));
  return out;
}

template <typename FileHeader, typename SegmentHeader>
Bytes make_elf(const ElfOptions& options, unsigned char elf_class, std::uint16_t machine) {
  FileHeader header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_entry = static_cast<decltype(header.e_entry)>(options.entry);
  header.e_phoff = sizeof(header);
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(SegmentHeader);
  header.e_phnum = options.notes.empty() ? 1 : 2;
  using Word = decltype(SegmentHeader::p_offset);
  SegmentHeader load{};
  load.p_type = PT_LOAD;
  load.p_offset = kElfSegmentAt;
  load.p_vaddr = static_cast<Word>(options.virtual_address);
  load.p_paddr = static_cast<Word>(options.address);
  load.p_filesz = static_cast<Word>(options.file_size);
  load.p_memsz = static_cast<Word>(options.memory_size);
  SegmentHeader note{};
  note.p_type = PT_NOTE;
  note.p_offset = 0x400;
  note.p_filesz = static_cast<Word>(options.notes.size());
  Bytes bytes;
  patch(bytes, 0, header);
  patch(bytes, sizeof(header), load);
  patch(bytes, sizeof(header) + sizeof(load), note);
  for (std::size_t i = 0; i < options.notes.size(); ++i)
    patch(bytes, 0x400 + i, options.notes[i]);
  bytes.resize(kElfSegmentAt + options.file_size);
  for (std::size_t i = 0; i < options.file_size; ++i)
    bytes[kElfSegmentAt + i] = static_cast<std::byte>(0xc0 + i);
  return bytes;
}

}  // namespace

void patch_text(Bytes& bytes, std::size_t offset, std::string_view text) {
  if (bytes.size() < offset + text.size()) bytes.resize(offset + text.size());
  std::memcpy(bytes.data() + offset, text.data(), text.size());
}

Bytes to_bytes(std::string_view text) {
  Bytes bytes;
  patch_text(bytes, 0, text);
  return bytes;
}

Bytes sample_data(std::size_t size) {
  Bytes data(size);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 64 == 0) state = state * 1664525U + 1013904223U;
    data[i] = static_cast<std::byte>((state >> 24) + (i % 7));
  }
  return data;
}

Bytes compress(Compression compression, std::span<const std::byte> data) {
  switch (compression) {
    case Compression::gzip:
      return compress_gzip(data);
    case Compression::bzip2:
      return compress_bzip2(data);
    case Compression::xz:
      return compress_lzma(data, true);
    case Compression::lzma:
      return compress_lzma(data, false);
    case Compression::lz4:
      return compress_lz4(data);
    case Compression::zstd:
      return compress_zstd(data);
    case Compression::lzo:
      break;
  }
  return {};
}

Bytes make_elf64(const ElfOptions& options) {
  return make_elf<Elf64_Ehdr, Elf64_Phdr>(options, ELFCLASS64, EM_X86_64);
}
Bytes make_elf32(const ElfOptions& options) {
  return make_elf<Elf32_Ehdr, Elf32_Phdr>(options, ELFCLASS32, EM_386);
}

Bytes make_note(std::string_view name, std::uint32_t type, const Bytes& description) {
  Bytes note;
  patch(note, 0, static_cast<std::uint32_t>(name.size() + 1));
  patch(note, 4, static_cast<std::uint32_t>(description.size()));
  patch(note, 8, type);
  patch_text(note, 12, name);
  note.resize(12 + (name.size() + 1 + 3) / 4 * 4);
  note.insert(note.end(), description.begin(), description.end());
  note.resize((note.size() + 3) / 4 * 4);
  return note;
}

}  // namespace skiff::test
