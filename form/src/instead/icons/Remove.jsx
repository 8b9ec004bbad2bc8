import { createSvgIcon } from "@mui/material/utils";

export default createSvgIcon(<path d="M6 7h12l-1 13H7zM9 4h6v2H9z" />, "Remove");
