use super::*;

/// The list of a new folder on the drive `C:`, as Windows Server reports it.
const DRIVE_FOLDER: &str = "O:S-1-5-21-1-2-3-1001D:AI(A;ID;FA;;;BA)(A;OICIIOID;GA;;;BA)(A;ID;FA;;;SY)(A;OICIIOID;GA;;;SY)\
                            (A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)(A;OICIIOID;SDGXGWGR;;;AU)";

#[test]
fn others_are_groups_that_many_people_belong_to() {
    let rights = |read, write| Rights { read, write };
    for (list, expected) in [
        (DRIVE_FOLDER, rights(true, true)),
        ("O:BAD:P(A;;FA;;;SY)(A;;FA;;;BA)", rights(false, false)),
        ("O:BAD:(A;;FR;;;WD)", rights(true, false)),
        ("O:BAD:(A;;0x1200a9;;;S-1-5-32-545)", rights(true, false)),
        ("O:BAD:(A;;WO;;;BU)", rights(false, true)),
        ("O:BAD:(A;;FA;;;S-1-5-21-7-8-9-513)", rights(true, true)),
        ("O:BAD:(A;;FA;;;S-1-5-21-7-8-9-1513)", rights(false, false)),
        ("O:BAD:(A;;FA;;;S-1-5-80-1-2-3-4-5)", rights(false, false)),
        ("O:BAD:(D;;FA;;;WD)", rights(false, false)),
        ("O:BAD:(A;OICIIO;FA;;;WD)", rights(false, false)),
        ("O:BAD:(A;;RC;;;WD)", rights(false, false)),
        ("O:BAD:NO_ACCESS_CONTROL", rights(true, true)),
        ("O:BAD:", rights(false, false)),
        ("", rights(false, false)),
    ] {
        assert_eq!(rights_of_others(list), expected, "{list}");
    }
}

#[test]
fn a_private_list_has_the_owner_the_administrators_and_accounts_of_their_own() {
    for (list, kind, expected) in [
        (
            DRIVE_FOLDER,
            Kind::Folder,
            Some(
                "D:P(A;OICI;FA;;;S-1-5-18)(A;OICI;FA;;;S-1-5-32-544)(A;OICI;FA;;;S-1-5-21-1-2-3-1001)",
            ),
        ),
        (
            "O:BAD:AI(A;ID;0x1301bf;;;S-1-5-80-1)(D;;FA;;;S-1-5-21-1-2-3-7)(A;ID;FR;;;BU)(A;ID;FA;;;CO)",
            Kind::File,
            Some(
                "D:P(D;;FA;;;S-1-5-21-1-2-3-7)(A;;FA;;;S-1-5-18)(A;;FA;;;S-1-5-32-544)(A;;FA;;;BA)(A;;0x1301bf;;;S-1-5-80-1)",
            ),
        ),
        (
            "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;S-1-5-80-1)",
            Kind::Folder,
            None,
        ),
        ("O:BAD:P(A;;FA;;;S-1-5-21-1-2-3-1001)", Kind::File, None),
    ] {
        assert_eq!(private(list, kind).as_deref(), expected, "{list}");
        if let Some(private) = expected {
            assert_eq!(rights_of_others(private), Rights::default());
            assert!(is_protected(private));
        }
    }
}

#[test]
fn an_account_gets_the_right_to_change_everything_once() {
    let list = "O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FR;;;S-1-5-80-1)";
    let given = with_account(list, Kind::Folder, "S-1-5-80-1").unwrap();
    assert_eq!(given, "D:P(A;OICI;FA;;;SY)(A;OICI;0x1301bf;;;S-1-5-80-1)");
    assert_eq!(with_account(&given, Kind::Folder, "S-1-5-80-1"), None);
    let inherited = "O:BAD:AI(A;ID;FA;;;SY)(A;ID;0x1301bf;;;S-1-5-80-1)";
    assert_eq!(with_account(inherited, Kind::File, "S-1-5-80-1"), None);
    assert_eq!(
        with_account(inherited, Kind::File, "S-1-5-80-2").as_deref(),
        Some("D:(A;;0x1301bf;;;S-1-5-80-2)")
    );
}

#[test]
fn entries_of_the_folder_are_not_entries_of_the_file() {
    assert_eq!(own_entries("O:BAD:AI(A;ID;FA;;;SY)(A;ID;FR;;;BU)"), None);
    assert_eq!(
        own_entries("O:BAD:AI(A;;FR;;;S-1-5-21-1-2-3-7)(A;ID;FA;;;SY)").as_deref(),
        Some("D:(A;;FR;;;S-1-5-21-1-2-3-7)")
    );
    assert_eq!(
        own_entries("O:S-1-5-21-1-2-3-4D:PAI(A;;FA;;;SY)").as_deref(),
        Some("D:P(A;;FA;;;SY)")
    );
}
