//! What Windows says of the files of a release.

use crate::good;
use postkontor_tests::products::Products;
use postkontor_tests::windows::{Installation, Width};
use postkontor_tests::{skip, transports};

#[test]
fn each_file_of_a_release_says_its_version() {
    let version = env!("CARGO_PKG_VERSION");
    for width in Width::ALL {
        let shipped: Vec<String> = transports::shipped().unwrap().into_iter().map(|transport| transport.name).collect();
        let Some(installation) = Installation::new(width, &shipped).unwrap() else { return };
        if !Products::for_windows(width).unwrap().is_released() {
            return skip::because("only the files of a release say it; POSTKONTOR_RELEASE names the folder of one");
        }
        let program = installation.c("tests/callers/version.c", &["-pedantic", "-lversion"]).unwrap();
        let plugins = shipped.iter().map(|name| {
            let file = format!("postkontor_{}.dll", name.replace('-', "_"));
            (format!("plugins/{file}"), file, format!("Postkontor, transport {name}"))
        });
        let [library, command] = ["postkontor.dll", "postkontor.exe"].map(str::to_owned);
        let library = (library.clone(), library, "Postkontor, the mail counter of an ERP".to_owned());
        let command = (command.clone(), command, "Postkontor, the command".to_owned());
        for (path, file, about) in plugins.chain([library, command]) {
            let said = String::from_utf8(good(installation.command(&program).arg(&path)).stdout).unwrap().replace('\r', "");
            assert_eq!(said, format!("{version}.0\n{about}\n{file}\n{version}\n"), "{width:?}: {path}");
        }
    }
}
