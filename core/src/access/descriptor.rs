//! Windows' description of who may do what with a file: a self-relative security descriptor (MS-DTYP, section 2.4.6).

use std::fmt;

/// Reading what is in a file.
#[cfg_attr(not(windows), allow(dead_code, reason = "only Windows has such lists"))]
pub(super) const READ: u32 = READ_DATA | GENERIC_READ | CHANGE_RIGHTS;

/// Changing what is in a file.
pub(crate) const FILE: u32 = WRITE_DATA | APPEND_DATA | DELETE | CHANGE_RIGHTS;

/// Putting files into a folder, or taking them out.
pub(crate) const FOLDER: u32 = WRITE_DATA | DELETE_CHILD | DELETE | CHANGE_RIGHTS;

/// Replacing a folder that lies in this one, or this one. Who may only make new folders in it, as everybody may at the root of a disk,
/// changes nothing that is there.
pub(crate) const FOLDER_ABOVE: u32 = DELETE_CHILD | DELETE | (CHANGE_RIGHTS & !GENERIC_WRITE);

/// The same at the root of a disk, which itself cannot be replaced.
pub(crate) const ROOT: u32 = FOLDER_ABOVE & !DELETE;

/// Of a file; of a folder, listing and making files in it (MS-DTYP, section 2.4.3; winnt.h).
const READ_DATA: u32 = 0x1;
const WRITE_DATA: u32 = 0x2;
const APPEND_DATA: u32 = 0x4;
const DELETE_CHILD: u32 = 0x40;
const DELETE: u32 = 0x1_0000;
const GENERIC_READ: u32 = 0x8000_0000;
const GENERIC_WRITE: u32 = 0x4000_0000;
/// Writing the list itself, becoming the owner, everything. With each of them one gives oneself all other rights.
const CHANGE_RIGHTS: u32 = 0x4_0000 | 0x8_0000 | 0x1000_0000 | GENERIC_WRITE;

/// The owner of something, and the list of those who may do something with it.
#[derive(Debug)]
pub(super) struct Descriptor {
    owner: Option<Sid>,
    /// `None` where there is no list: then everybody may do everything.
    grants: Option<Vec<Grant>>,
}

/// Rights that someone has.
#[derive(Debug)]
struct Grant {
    who: Sid,
    rights: u32,
}

/// A user or a group: a security identifier (MS-DTYP, section 2.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

impl Descriptor {
    /// Reads what Windows gives; `None` where it makes no sense.
    pub(super) fn read(bytes: &[u8]) -> Option<Descriptor> {
        /// The descriptor has a list.
        const HAS_LIST: u16 = 0x4;
        let control = half(bytes, 2)?;
        let owner = match word(bytes, 4)? as usize {
            0 => None,
            place => Some(Sid::read(bytes.get(place..)?)?),
        };
        let grants = match word(bytes, 16)? as usize {
            place if control & HAS_LIST != 0 && place != 0 => Some(grants(bytes.get(place..)?)?),
            _ => None,
        };
        Some(Descriptor { owner, grants })
    }

    /// Who else has one of the rights, in words for support. A line that takes a right away is not looked at: what it leaves open depends
    /// on the groups of each user.
    pub(super) fn stranger(&self, user: Option<&Sid>, rights: u32) -> Option<String> {
        let Some(grants) = &self.grants else {
            return Some("it has no access control list, so everybody may do everything with it".to_owned());
        };
        let is_strange = |who: &Sid| !who.is_trusted() && Some(who) != self.owner.as_ref() && Some(who) != user;
        let grant = grants.iter().find(|grant| grant.rights & rights != 0 && is_strange(&grant.who))?;
        Some(format!("{} may do so (access mask {:#010x})", grant.who, grant.rights))
    }
}

/// A descriptor by which only this user, the system and the administrators may do something with a file, and they everything. It takes nothing over
/// from the folder.
pub(super) fn private(user: &[u8]) -> Vec<u8> {
    /// FILE_ALL_ACCESS.
    const EVERYTHING: u32 = 0x001f_01ff;
    /// Self-relative, with a list, which is protected against inheritance.
    const CONTROL: u16 = 0x8000 | 0x1000 | 0x4;
    const HEADER: u32 = 20;
    let system = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
    let administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
    let mut lines = Vec::new();
    for who in [user, &system, &administrators] {
        // An identifier has 68 bytes at the most.
        let length = (8 + who.len()) as u16;
        lines.extend([&[0, 0][..], &length.to_le_bytes(), &EVERYTHING.to_le_bytes(), who].concat());
    }
    let length = (8 + lines.len()) as u16;
    let list = [&[2, 0][..], &length.to_le_bytes(), &[3, 0, 0, 0], &lines].concat();
    [&[1, 0][..], &CONTROL.to_le_bytes(), &[0; 12], &HEADER.to_le_bytes(), &list].concat()
}

/// The lines of a list that give rights for the thing itself (MS-DTYP, sections 2.4.4 and 2.4.5).
fn grants(list: &[u8]) -> Option<Vec<Grant>> {
    /// ACCESS_ALLOWED_ACE_TYPE and the one with a condition behind the rest, ACCESS_ALLOWED_CALLBACK_ACE_TYPE. The ones with object types
    /// occur in Active Directory only.
    const GIVES: [u8; 2] = [0, 9];
    /// The line is for what will be made in the folder.
    const INHERIT_ONLY: u8 = 0x8;
    let (mut grants, mut place) = (Vec::new(), 8);
    for _ in 0..half(list, 4)? {
        let line = list.get(place..)?;
        let line = line.get(..half(line, 2)? as usize)?;
        if GIVES.contains(line.first()?) && line.get(1)? & INHERIT_ONLY == 0 {
            grants.push(Grant { rights: word(line, 4)?, who: Sid::read(line.get(8..)?)? });
        }
        place += line.len();
    }
    Some(grants)
}

impl Sid {
    pub(super) fn read(bytes: &[u8]) -> Option<Sid> {
        let authority = bytes.get(2..8)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let parts = (0..usize::from(*bytes.get(1)?)).map(|index| word(bytes, 8 + 4 * index));
        Some(Sid { authority, parts: parts.collect::<Option<_>>()? })
    }

    /// Whether it may do everything on this machine anyway, or stands for the owner (MS-DTYP, section 2.4.2.4).
    fn is_trusted(&self) -> bool {
        /// The service that installs Windows' own programs.
        const TRUSTED_INSTALLER: [u32; 6] = [80, 956_008_885, 3_418_522_649, 1_831_038_044, 1_853_292_631, 2_271_478_464];
        match (self.authority, self.parts.as_slice()) {
            // The owner, in lists that are inherited and as such.
            (3, [0 | 4]) => true,
            // The system; its administrators.
            (5, [18] | [32, 544]) => true,
            (5, parts) if parts == TRUSTED_INSTALLER => true,
            // Of a machine or domain: the administrator, those of the domain, those of the forest.
            (5, [21, _, _, _, 500 | 512 | 519]) => true,
            _ => false,
        }
    }

    fn name(&self) -> Option<&'static str> {
        Some(match (self.authority, self.parts.as_slice()) {
            (1, [0]) => "Everyone",
            (5, [4]) => "Interactive",
            (5, [11]) => "Authenticated Users",
            (5, [32, 545]) => "Users",
            (5, [32, 546]) => "Guests",
            (5, [32, 547]) => "Power Users",
            (5, [21, _, _, _, 513]) => "Domain Users",
            _ => return None,
        })
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            write!(out, "{name}, ")?;
        }
        write!(out, "S-1-{}", self.authority)?;
        self.parts.iter().try_for_each(|part| write!(out, "-{part}"))
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERYONE: &str = "S-1-1-0";
    const USERS: &str = "S-1-5-32-545";
    const AUTHENTICATED: &str = "S-1-5-11";
    const ADMINISTRATORS: &str = "S-1-5-32-544";
    const SYSTEM: &str = "S-1-5-18";
    const ANNA: &str = "S-1-5-21-1-2-3-1001";
    const BERT: &str = "S-1-5-21-1-2-3-1002";

    /// What Windows' tools call F, M, RX.
    const FULL: u32 = 0x001f_01ff;
    const MODIFY: u32 = 0x0013_01bf;
    const READ_AND_RUN: u32 = 0x0012_00a9;

    fn sid(text: &str) -> Vec<u8> {
        let mut numbers = text.split('-').skip(2).map(|number| number.parse::<u64>().unwrap());
        let authority = numbers.next().unwrap().to_be_bytes();
        let parts: Vec<u32> = numbers.map(|part| u32::try_from(part).unwrap()).collect();
        let parts: Vec<u8> = parts.iter().flat_map(|part| part.to_le_bytes()).collect();
        [&[1, (parts.len() / 4) as u8][..], &authority[2..], &parts].concat()
    }

    /// A line of a list: kind, flags, rights, whom for.
    type Line = (u8, u8, u32, &'static str);

    fn descriptor(owner: &str, lines: Option<&[Line]>) -> Vec<u8> {
        let owner = sid(owner);
        let mut list = Vec::new();
        for (kind, flags, rights, who) in lines.unwrap_or_default() {
            let who = sid(who);
            let size = u16::try_from(8 + who.len()).unwrap().to_le_bytes();
            list.extend([&[*kind, *flags][..], &size, &rights.to_le_bytes(), &who].concat());
        }
        let count = u16::try_from(lines.unwrap_or_default().len()).unwrap().to_le_bytes();
        let list = [&[2, 0][..], &u16::try_from(8 + list.len()).unwrap().to_le_bytes(), &count, &[0, 0], &list].concat();
        let (control, place) = if lines.is_some() { (0x8004_u16, 20 + owner.len() as u32) } else { (0x8000, 0) };
        [&[1, 0][..], &control.to_le_bytes(), &20_u32.to_le_bytes(), &[0; 8], &place.to_le_bytes(), &owner, &list].concat()
    }

    fn stranger(owner: &str, lines: &[Line], rights: u32) -> Option<String> {
        let bytes = descriptor(owner, Some(lines));
        Descriptor::read(&bytes).unwrap().stranger(Sid::read(&sid(BERT)).as_ref(), rights)
    }

    #[test]
    fn the_owner_the_administrators_the_system_and_this_user_are_no_strangers() {
        let installer = "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464";
        for who in [ANNA, BERT, ADMINISTRATORS, SYSTEM, installer, "S-1-3-0", "S-1-3-4", "S-1-5-21-7-8-9-512"] {
            assert_eq!(stranger(ANNA, &[(0, 0, FULL, who)], FILE), None, "{who}");
        }
        for who in [EVERYONE, USERS, AUTHENTICATED, "S-1-5-21-1-2-3-1003", "S-1-5-21-7-8-9-513", "S-1-5-20"] {
            for rights in [FILE, FOLDER, FOLDER_ABOVE, ROOT] {
                let found = stranger(ANNA, &[(0, 0, FULL, SYSTEM), (0, 0, FULL, who)], rights);
                assert!(found.as_ref().is_some_and(|found| found.contains(who)), "{who}: {found:?}");
            }
        }
        assert_eq!(
            stranger(ANNA, &[(0, 0, MODIFY, AUTHENTICATED)], FILE).unwrap(),
            "Authenticated Users, S-1-5-11 may do so (access mask 0x001301bf)"
        );
    }

    /// As Windows sets them up: the disk, the folder of programs, a folder that a user makes at the root of the disk.
    #[test]
    fn folders_as_windows_sets_them_up_are_judged_by_what_lies_in_them() {
        // Everybody may make folders at the root; what is inherited only counts below.
        let disk: &[Line] = &[
            (0, 3, FULL, SYSTEM),
            (0, 3, FULL, ADMINISTRATORS),
            (0, 3, READ_AND_RUN, USERS),
            (0, 2, 0x4, USERS),
            (0, 0xa, 0x2, USERS),
            (0, 0xb, MODIFY, AUTHENTICATED),
            (0, 0, 0x4, AUTHENTICATED),
        ];
        assert_eq!(stranger(SYSTEM, disk, ROOT), None);
        assert_eq!(stranger(SYSTEM, disk, FOLDER_ABOVE), None);
        // A disk for data: everybody has M at its root, which cannot be replaced.
        let data: &[Line] = &[(0, 3, FULL, ADMINISTRATORS), (0, 0, MODIFY, AUTHENTICATED)];
        assert_eq!(stranger(SYSTEM, data, ROOT), None);
        assert!(stranger(SYSTEM, data, FOLDER_ABOVE).is_some());
        let programs: &[Line] =
            &[(0, 3, FULL, SYSTEM), (0, 3, FULL, ADMINISTRATORS), (0, 3, READ_AND_RUN, USERS), (0, 0xb, FULL, "S-1-3-0")];
        assert_eq!(stranger(SYSTEM, programs, FOLDER), None);
        assert_eq!(stranger(SYSTEM, programs, READ), Some(format!("Users, {USERS} may do so (access mask 0x001200a9)")));
        // What `C:\ERP` inherits.
        let own: &[Line] = &[(0, 0x13, FULL, ADMINISTRATORS), (0, 0x13, READ_AND_RUN, USERS), (0, 0x13, MODIFY, AUTHENTICATED)];
        assert!(stranger(ADMINISTRATORS, own, FOLDER).is_some());
        // `C:\ProgramData`: everybody may put files into it and take none out.
        let shared: &[Line] = &[(0, 3, FULL, ADMINISTRATORS), (0, 2, 0x116, USERS), (0, 3, READ_AND_RUN, USERS)];
        assert!(stranger(SYSTEM, shared, FOLDER).is_some());
        assert_eq!(stranger(SYSTEM, shared, FOLDER_ABOVE), None);
    }

    #[test]
    fn rights_with_a_condition_count_and_denials_do_not() {
        assert!(stranger(ANNA, &[(9, 0, FULL, USERS)], FILE).is_some());
        assert_eq!(stranger(ANNA, &[(1, 0, FULL, USERS)], FILE), None);
        for generic in [0x4000_0000, 0x1000_0000, 0x4_0000, 0x8_0000] {
            assert!(stranger(ANNA, &[(0, 0, generic, USERS)], FILE).is_some(), "{generic:x}");
        }
        assert_eq!(stranger(ANNA, &[(0, 0, 0x8000_0000 | READ_AND_RUN, USERS)], FILE | FOLDER), None);
        assert_eq!(stranger(ANNA, &[], FILE), None);
    }

    #[test]
    fn what_is_private_is_for_its_user_the_system_and_the_administrators() {
        let bytes = private(&sid(BERT));
        let descriptor = Descriptor::read(&bytes).unwrap();
        assert_eq!(descriptor.stranger(Sid::read(&sid(BERT)).as_ref(), u32::MAX), None);
        assert!(descriptor.stranger(Sid::read(&sid(ANNA)).as_ref(), READ).unwrap().contains(BERT));
        let grants: Vec<String> = descriptor.grants.unwrap().iter().map(|grant| format!("{} {:x}", grant.who, grant.rights)).collect();
        assert_eq!(grants, [BERT, SYSTEM, ADMINISTRATORS].map(|who| format!("{who} {FULL:x}")));
    }

    #[test]
    fn without_a_list_everybody_may_do_everything() {
        let descriptor = Descriptor::read(&descriptor(ANNA, None)).unwrap();
        assert!(descriptor.stranger(None, ROOT).unwrap().contains("no access control list"));
    }

    #[test]
    fn half_a_descriptor_makes_no_sense_and_ends_nothing() {
        let whole = descriptor(ANNA, Some(&[(0, 0, FULL, USERS), (0, 0, FULL, EVERYONE)]));
        for end in 0..whole.len() {
            assert!(Descriptor::read(&whole[..end]).is_none(), "{end}");
        }
        for (at, byte) in [(4, 0xff), (16, 0xff), (21, 0xff), (20 + 28 + 4, 0xff), (20 + 28 + 10, 0xff)] {
            let mut broken = whole.clone();
            broken[at] = byte;
            assert!(Descriptor::read(&broken).is_none(), "{at}");
        }
    }
}
