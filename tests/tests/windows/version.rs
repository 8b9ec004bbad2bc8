//! What Windows says of the files of a release.

use crate::good;
use postkontor_tests::skip;
use postkontor_tests::windows::{Installation, Width, release};

#[test]
fn each_file_of_a_release_says_its_version() {
    let version = env!("CARGO_PKG_VERSION");
    let files = [("postkontor.dll", "Postkontor, the mail counter of an ERP"), ("postkontor.exe", "Postkontor, the command")];
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &[""; 0]).unwrap() else { return };
        if !release::is_tested() {
            return skip::because("only the files of a release say it; POSTKONTOR_RELEASE names the folder of one");
        }
        let program = installation.c("tests/callers/version.c", &["-pedantic", "-lversion"]).unwrap();
        for (file, about) in files {
            let said = String::from_utf8(good(installation.command(&program).arg(file)).stdout).unwrap().replace('\r', "");
            assert_eq!(said, format!("{version}.0\n{about}\n{file}\n{version}\n"), "{width:?}");
        }
    }
}
