import { createSvgIcon } from "@mui/material/utils";

export default createSvgIcon(<path d="M4 2h12v3H7v11H4zm5 5h11v15H9z" />, "ContentCopy");
