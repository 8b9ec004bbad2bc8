import { createSvgIcon } from "@mui/material/utils";

export default createSvgIcon(<path d="M12 20l-7-7 1.4-1.4 4.6 4.6V4h2v12.2l4.6-4.6L19 13z" />, "ArrowDownward");
