// Files that are written once, from the beginning to the end, and from then on only read.
//
//     BOOST_OUTCOME_TRY(auto file, FileWriter::create(runtime, "var/shop/log/clusters/1-1048576"));
//     BOOST_OUTCOME_TRY(file->append(bytes));
//     BOOST_OUTCOME_TRY(file->finish());
//
//     BOOST_OUTCOME_TRY(const auto written, FileReader::open(runtime, "var/shop/log/clusters/1-1048576"));
//     BOOST_OUTCOME_TRY(const auto bytes, written->read(4096, 100, scratch));
//
// The file gets its name only when it is complete and durable; until then it has that name with ".new".
// Threads: a writer belongs to one thread at a time; a reader may be used from any thread.
#pragma once

#include <eventloom/framework/result.hpp>
#include <eventloom/framework/runtime.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace leveldb {
class RandomAccessFile;
class WritableFile;
} // namespace leveldb

namespace eventloom {

class FileWriter {
public:
    static result<std::unique_ptr<FileWriter>> create(const Runtime& runtime, const std::string& path);
    // What is not finished goes.
    ~FileWriter();

    // Adds at the end, and waits for the disk.
    result<void> append(std::string_view bytes);
    // The same without waiting: finish() does.
    result<void> add(std::string_view bytes);
    // Gives the file its name, or another in the same directory; nothing is appended afterwards.
    result<void> finish();
    result<void> finish_as(const std::string& path);

private:
    FileWriter(const Runtime& runtime, std::string path, std::unique_ptr<leveldb::WritableFile> file);

    const Runtime runtime_;
    const std::string path_;
    std::unique_ptr<leveldb::WritableFile> file_;
    bool is_synced_ = false;
};

class FileReader {
public:
    static result<std::unique_ptr<const FileReader>> open(const Runtime& runtime, const std::string& path);
    ~FileReader();

    std::uint64_t size() const { return size_; }

    // `count` bytes from `offset` on, in `scratch` or in memory of the file itself: they live as long as both.
    // Failure::corrupt "file-too-short" when there are not as many.
    result<std::string_view> read(std::uint64_t offset, std::size_t count, std::string& scratch) const;

private:
    FileReader(std::string path, std::uint64_t size, std::unique_ptr<leveldb::RandomAccessFile> file);

    const std::string path_;
    const std::uint64_t size_;
    const std::unique_ptr<leveldb::RandomAccessFile> file_;
};

} // namespace eventloom
