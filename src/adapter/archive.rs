//! Zip archives whose files are stored as they are, not compressed: what a project's parts lie in.
//!
//! Reading is strict, since archives come from anywhere. It uses the central directory at the end, and
//! believes it only if
//! - every name is a plain relative path that occurs once, letter case aside;
//! - nothing is compressed or encrypted, so that no archive unfolds to more than it is;
//! - every file lies inside the archive, before the directory, where a header of its own names it, and no
//!   two of them share a byte;
//! - every checksum holds.
//!
//! Source: PKWARE's APPNOTE.TXT 6.3.9, §4.3.

use std::collections::HashSet;
use std::ops::Range;

use super::Error;
use super::text::clean_name;

/// More files than any project has.
const MAX_FILES: usize = 1000;
/// The longest name, in bytes.
const MAX_NAME: usize = 200;

const LOCAL_HEADER: u32 = 0x0403_4b50;
const DIRECTORY_HEADER: u32 = 0x0201_4b50;
const DIRECTORY_END: u32 = 0x0605_4b50;
/// Lengths of the three without names and comments.
const LOCAL_LENGTH: usize = 30;
const DIRECTORY_LENGTH: usize = 46;
const END_LENGTH: usize = 22;
/// Flags that change nothing for us: sizes repeated after the data, names in UTF-8.
const SIZES_AFTERWARDS: u16 = 1 << 3;
const UTF8_NAMES: u16 = 1 << 11;
/// 1 January 1980, the format's first day: the same project gives the same bytes.
const FIRST_DAY: u16 = 1 << 5 | 1;

/// Whether these bytes may be an archive.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(&LOCAL_HEADER.to_le_bytes())
}

/// One archive of files by path. Names are taken as they are: the caller chose them.
///
/// # Errors
/// [`Error::Archive`]: it would have more than 4 GB or 65 535 files, the format's limits without extensions.
pub(super) fn write(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Error> {
    let too_large = || Error::Archive { file: "the archive".to_owned(), problem: "it would be too large" };
    let number = |value: usize| u32::try_from(value).map_err(|_| too_large());
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (name, bytes) in files {
        let (offset, size) = (number(archive.len())?, number(bytes.len())?);
        // Version 2.0, names in UTF-8, stored, time 0.
        let mut common = Vec::new();
        [20, UTF8_NAMES, 0, 0, FIRST_DAY].iter().for_each(|value| common.extend(value.to_le_bytes()));
        [crc32(bytes), size, size].iter().for_each(|value| common.extend(value.to_le_bytes()));
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());

        archive.extend(LOCAL_HEADER.to_le_bytes());
        archive.extend(&common);
        archive.extend(name.bytes());
        archive.extend(bytes);

        directory.extend(DIRECTORY_HEADER.to_le_bytes());
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&common);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.bytes());
    }
    let count = u16::try_from(files.len()).map_err(|_| too_large())?.to_le_bytes();
    let (start, length) = (number(archive.len())?, number(directory.len())?);
    archive.extend(directory);
    archive.extend(DIRECTORY_END.to_le_bytes());
    archive.extend([0; 4]);
    archive.extend([count, count].concat());
    archive.extend(length.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    number(archive.len())?;
    Ok(archive)
}

/// The files of an archive by path, in its order; folders of their own are left out.
///
/// # Errors
/// [`Error::Archive`] for whatever breaks one of the rules above.
pub(super) fn read<'a>(bytes: &'a [u8], file: &str) -> Result<Vec<(String, &'a [u8])>, Error> {
    entries(bytes).map_err(|problem| Error::Archive { file: clean_name(file), problem })
}

/// Little-endian numbers at places that may lie outside.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&self, at: usize) -> Result<u16, &'static str> {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map(|bytes| u16::from_le_bytes(*bytes)).ok_or(CUT_SHORT)
    }

    fn u32(&self, at: usize) -> Result<u32, &'static str> {
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map(|bytes| u32::from_le_bytes(*bytes)).ok_or(CUT_SHORT)
    }
}

const CUT_SHORT: &str = "it is cut short";

/// What the directory says of a file.
struct Entry {
    name: String,
    checksum: u32,
    /// Where its own header and its data lie.
    range: Range<usize>,
    data: Range<usize>,
}

fn entries(bytes: &[u8]) -> Result<Vec<(String, &[u8])>, &'static str> {
    let fields = Fields(bytes);
    let end = directory_end(bytes)?;
    let count = fields.u16(end + 10)?;
    if fields.u32(end + 4)? != 0 || fields.u16(end + 8)? != count {
        return Err("it is one part of several");
    }
    if usize::from(count) > MAX_FILES {
        return Err("it holds more than 1000 files");
    }
    let (length, start) = (fields.u32(end + 12)? as usize, fields.u32(end + 16)? as usize);
    if start.checked_add(length) != Some(end) {
        return Err("its directory is not where it says");
    }
    let mut place = start;
    let mut found: Vec<Entry> = Vec::new();
    let mut names = HashSet::new();
    for _ in 0..count {
        let (entry, next) = entry(bytes, place, start)?;
        place = next;
        if next > end {
            return Err("its directory is longer than it says");
        }
        if !names.insert(entry.name.to_lowercase()) {
            return Err("it holds two files of one name");
        }
        found.push(entry);
    }
    if place != end {
        return Err("its directory is shorter than it says");
    }
    let mut ranges: Vec<Range<usize>> = found.iter().map(|entry| entry.range.clone()).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    if ranges.windows(2).any(|pair| pair[0].end > pair[1].start) {
        return Err("two of its files share bytes");
    }
    let mut files = Vec::new();
    for Entry { name, checksum, data, .. } in found {
        let data = bytes.get(data).ok_or(CUT_SHORT)?;
        if name.ends_with('/') {
            if !data.is_empty() {
                return Err("a folder of it has content");
            }
            continue;
        }
        if crc32(data) != checksum {
            return Err("it is damaged: a checksum is wrong");
        }
        files.push((name, data));
    }
    Ok(files)
}

/// Where the record that ends an archive begins: the last place whose comment reaches to the end.
fn directory_end(bytes: &[u8]) -> Result<usize, &'static str> {
    let last = bytes.len().checked_sub(END_LENGTH).ok_or(CUT_SHORT)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let fields = Fields(bytes);
    let ends = |&at: &usize| {
        let comment = fields.u16(at + END_LENGTH - 2).unwrap_or(0);
        fields.u32(at) == Ok(DIRECTORY_END) && at + END_LENGTH + usize::from(comment) == bytes.len()
    };
    (first..=last).rev().find(ends).ok_or("it has no directory, so it is cut short or no zip archive")
}

/// The directory's entry at `place`, and where the next one begins; files lie before `directory`.
fn entry(bytes: &[u8], place: usize, directory: usize) -> Result<(Entry, usize), &'static str> {
    let fields = Fields(bytes);
    if fields.u32(place)? != DIRECTORY_HEADER {
        return Err("its directory is damaged");
    }
    let (flags, method) = (fields.u16(place + 8)?, fields.u16(place + 10)?);
    if flags & 1 != 0 {
        return Err("it is encrypted");
    }
    let (packed, size) = (fields.u32(place + 20)?, fields.u32(place + 24)?);
    if method != 0 || flags & !(SIZES_AFTERWARDS | UTF8_NAMES) != 0 || packed != size {
        return Err("it is compressed; pack it again without compression (zip -0)");
    }
    let name_length = usize::from(fields.u16(place + 28)?);
    let extra = usize::from(fields.u16(place + 30)?) + usize::from(fields.u16(place + 32)?);
    let name_start = place + DIRECTORY_LENGTH;
    let raw_name = bytes.get(name_start..name_start + name_length).ok_or(CUT_SHORT)?;
    let name = checked_name(raw_name)?;

    let own = fields.u32(place + 42)? as usize;
    if fields.u32(own)? != LOCAL_HEADER {
        return Err("a file of it is not where its directory says");
    }
    let (its_name, its_extra) = (usize::from(fields.u16(own + 26)?), usize::from(fields.u16(own + 28)?));
    let its_raw_name = bytes.get(own + LOCAL_LENGTH..own + LOCAL_LENGTH + its_name).ok_or(CUT_SHORT)?;
    if its_raw_name != raw_name || fields.u16(own + 8)? != method {
        return Err("a file of it goes by two names");
    }
    let sizes_follow = fields.u16(own + 6)? & SIZES_AFTERWARDS != 0;
    if !sizes_follow && fields.u32(own + 22)? != size {
        return Err("a file of it has two sizes");
    }
    let data_start = own + LOCAL_LENGTH + its_name + its_extra;
    let data_end = data_start.checked_add(size as usize).filter(|end| *end <= directory);
    let data_end = data_end.ok_or("a file of it is longer than the archive")?;
    let checksum = fields.u32(place + 16)?;
    let found = Entry { name, checksum, range: own..data_end, data: data_start..data_end };
    Ok((found, name_start + name_length + extra))
}

/// A path that stays inside the folder it is put in, on any system.
fn checked_name(raw: &[u8]) -> Result<String, &'static str> {
    let name = std::str::from_utf8(raw).map_err(|_| "a name in it is not UTF-8")?;
    if name.is_empty() || name.len() > MAX_NAME {
        return Err("a name in it is empty or very long");
    }
    let strange = |letter: char| {
        letter.is_control() || matches!(letter, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let inside = name.strip_suffix('/').unwrap_or(name);
    let leaves = inside.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    if leaves || name.contains(strange) {
        return Err("a name in it leads out of its folder");
    }
    Ok(name.to_owned())
}

/// CRC-32 as zip has it: the polynomial 0xEDB88320, bits reversed.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut index = 0;
        while index < 256 {
            let mut value = index as u32;
            let mut bit = 0;
            while bit < 8 {
                value = if value & 1 == 1 { value >> 1 ^ 0xEDB8_8320 } else { value >> 1 };
                bit += 1;
            }
            table[index] = value;
            index += 1;
        }
        table
    };
    let step = |crc: u32, byte: &u8| crc >> 8 ^ TABLE[usize::from(crc as u8 ^ byte)];
    !bytes.iter().fold(!0, step)
}
