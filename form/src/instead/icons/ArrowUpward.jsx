import { createSvgIcon } from "@mui/material/utils";

export default createSvgIcon(<path d="M12 4l7 7-1.4 1.4L13 7.8V20h-2V7.8l-4.6 4.6L5 11z" />, "ArrowUpward");
